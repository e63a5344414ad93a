# Tries: to end its process where nothing has been asked yet
# Exercise: double
# Expects: error
# Says: ended its own process
import os

os._exit(0)
