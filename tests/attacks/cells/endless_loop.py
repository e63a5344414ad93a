# Tries: to compute for ever
# Expects: limit
# Says: Stopped after
# Takes: its time
while True:
    pass
