# Tries: to crash on purpose, leaving its memory in a file
# Expects: died
# Says: process
import os

os.abort()
