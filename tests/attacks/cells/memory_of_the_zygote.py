# Tries: to find in its own memory, a copy of the warm process's, what that has seen of others
# Expects: ok or limit
# Works without walls: yes
import ctypes, re

wanted = re.compile(rb"canary-[a-z]{2,12}-[0-9a-f]{16}")
with open("/proc/self/maps") as maps:
    areas = [line.split() for line in maps]
piece = 1 << 24
for area in areas:
    if area[1].startswith("rw") and area[-1] not in ("[vvar]", "[vsyscall]"):
        start, end = (int(part, 16) for part in area[0].split("-"))
        for place in range(start, end, piece):
            if found := wanted.findall(ctypes.string_at(place, min(piece, end - place))):
                print("ESCAPED", found, flush=True)
