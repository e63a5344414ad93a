# Tries: to print without end
# Expects: limit
# Says: printed more than
while True:
    print("x" * 10_000)
