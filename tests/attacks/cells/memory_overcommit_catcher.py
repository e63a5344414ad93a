# Tries: to go on at the edge of its memory, catching every error for ever
# Expects: limit or error
# Takes: its time
held = []
while True:
    try:
        held.append(bytearray(1 << 20))
    except BaseException:
        pass
