# Tries: to read a file beside the data folder, which every user of the machine may read
# Expects: error
# Works without walls: yes
found = open(told.file).read()
print("ESCAPED", found)
