# Tries: to replace itself by a program that no filter of ours has seen the start of
# Expects: error
import os, sys

os.execv(sys.executable, [sys.executable, "-c", "print('ESCAPED')"])
