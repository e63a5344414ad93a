# Tries: to open files until the machine has no more
# Expects: error
# Says: files open at once
held = [open("/dev/null") for _ in range(1 << 20)]
