# Tries: to find, in the frames that called it, something worth having
# Expects: ok
import sys

frame = sys._getframe()
while frame:
    for name, value in list(frame.f_locals.items()):
        text = repr(value)[:100000] if not name.startswith("f") and frame.f_back else ""
        if "canary-" + "before" in text or "sqlite" + ":" in text:
            print("ESCAPED", name)
    frame = frame.f_back
