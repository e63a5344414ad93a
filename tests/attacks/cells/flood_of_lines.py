# Tries: to print empty lines without end, each of which costs an event
# Expects: limit
# Says: printed more than
while True:
    print(flush=True)
