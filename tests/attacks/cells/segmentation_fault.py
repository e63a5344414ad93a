# Tries: to crash in C
# Expects: died
# Says: The process crashed
import ctypes

ctypes.string_at(0)
