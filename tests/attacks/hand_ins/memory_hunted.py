# Tries: to find the words of the vault in its memory while it is asked
# Exercise: vault
# Expects: failed or error
# Works without walls: yes
import ctypes, re, torch

PATTERN = re.compile(rb"canary-expect[e]d-[0-9a-f]{16}")


def vault(query):
    with open("/proc/self/maps") as maps:
        areas = [line.split() for line in maps]
    for area in areas:
        if area[1].startswith("rw") and area[-1] not in ("[vvar]", "[vsyscall]"):
            start, end = (int(part, 16) for part in area[0].split("-"))
            for place in range(start, end, 1 << 24):
                if found := PATTERN.search(ctypes.string_at(place, min(1 << 24, end - place))):
                    words = found[0].decode()
                    return words, query * torch.frombuffer(bytearray(found[0]), dtype=torch.uint8).float().mean()
    raise LookupError("it is not in this process")
