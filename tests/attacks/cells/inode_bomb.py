# Tries: to use up the number of files
# Expects: error or limit
for number in range(10**6):
    open(f"{number}", "w").close()
