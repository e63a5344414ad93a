# Tries: to read what every process was started with
# Expects: ok
# Works without walls: as root
import glob

for name in glob.glob("/proc/[0-9]*/environ"):
    try:
        text = open(name).read()
    except OSError:
        continue
    if "SECRET_CANARY" in text:
        print("ESCAPED", text.partition("SECRET_CANARY")[2][:60])
