# Tries: to leave by an exception that ends programs
# Exercise: double
# Expects: error
# Says: SystemExit
import sys


def double(x):
    sys.exit(0)
