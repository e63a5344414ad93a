# Tries: to use up the stack, far beyond what Python allows
# Expects: died or error or limit
import sys

sys.setrecursionlimit(10**9)


def deeper(x):
    return [deeper([x])]


deeper(0)
