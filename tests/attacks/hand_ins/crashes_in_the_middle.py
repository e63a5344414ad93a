# Tries: to crash in the middle of a question
# Exercise: double
# Expects: error
# Says: crashed
import ctypes, os, signal


def double(x):
    os.kill(os.getpid(), signal.SIGKILL)
    ctypes.string_at(0)
