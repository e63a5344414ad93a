# Tries: to find a secret that was inherited
# Expects: ok
# Works without walls: yes
import os

everything = str(dict(os.environ))
try:
    everything += open("/proc/self/environ").read()
except OSError as refused:
    print(refused.strerror)
if "SECRET" in everything or "UNEMBED" in everything:
    print("ESCAPED", everything)
