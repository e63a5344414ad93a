# Tries: to learn at least the size of the database, whose path it knows
# Expects: ok
# Works without walls: yes
import os

for path in (told.database, told.file, told.course):
    try:
        print("ESCAPED", path, os.stat(path).st_size)
    except OSError as refused:
        print(refused.strerror)
