# Tries: to watch and change our own code in its process: trace, profile, audit, import hooks, exception hooks
# Expects: ok
import builtins, sys, threading

seen = []
sys.setprofile(lambda frame, event, arg: seen.append(frame.f_code.co_filename) if len(seen) < 10000 else None)
threading.setprofile(sys.getprofile())
sys.excepthook = lambda *args: print("ESCAPED")
builtins.print = lambda *args, **kwargs: None
sys.meta_path.insert(0, None)
sys.stdout = sys.stderr = None
