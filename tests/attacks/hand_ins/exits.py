# Tries: to leave with success in the middle of a hidden question
# Exercise: double
# Expects: error
# Says: ended its own process
import os


def double(x):
    os._exit(0)
