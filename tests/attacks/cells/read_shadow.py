# Tries: to read the machine's passwords
# Expects: error
# Says: No such file or directory: '/etc/shadow'
# Works without walls: as root
found = open("/etc/shadow").read()
print("ESCAPED", found[:40])
