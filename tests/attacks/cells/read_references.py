# Tries: to read the references of the course, where the examiner reads them
# Expects: ok
# Works without walls: yes
import os

for folder in (told.course, f"{told.root}/app/course"):
    for at, _, names in os.walk(folder):
        for name in names:
            if name.endswith(".py") and "def check_" in (text := open(f"{at}/{name}").read()):
                print("ESCAPED", name, text[-60:])
