# Tries: to end with success in the middle
# Expects: died
# Says: ended its own process (exit code 0)
import os

os._exit(0)
