# Tries: to use up the machine's memory
# Expects: error or limit
# Says: memory
held = []
while True:
    held.append(bytearray(1 << 24))
