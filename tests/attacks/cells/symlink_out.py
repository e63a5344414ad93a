# Tries: to reach a secret through links, soft and hard, made in its own folder
# Expects: ok
# Works without walls: yes
import os

for make in (os.symlink, os.link):
    try:
        make(told.file, make.__name__)
        print("ESCAPED", open(make.__name__).read())
    except OSError as refused:
        print(refused.strerror)
