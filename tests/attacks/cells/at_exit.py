# Tries: to run when all is over: at exit, at the last collection, at the end of a thread
# Expects: ok
import atexit, sys, threading, weakref


class Last:
    def __del__(self):
        print("ESCAPED")


atexit.register(print, "ESCAPED")
sys.kept = Last()
weakref.finalize(sys.kept, print, "ESCAPED")
threading._register_atexit(lambda: print("ESCAPED"))
print("over")
