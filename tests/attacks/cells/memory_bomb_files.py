# Tries: to use its scratch files as memory that no limit of a process counts
# Expects: error or limit
# Says: write at most
for number in range(1000):
    with open(f"file{number}", "wb") as file:
        file.write(bytes(1 << 22))
