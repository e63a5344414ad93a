# Tries: to change the mode and the time of files that are not its own
# Expects: ok
import os

for path in (told.weights, told.file, "/dev/null", os.__file__, "/"):
    for change in (lambda: os.chmod(path, 0o777), lambda: os.utime(path, (0, 0)), lambda: os.chown(path, 1, 1)):
        try:
            change()
            print("ESCAPED", path)
        except OSError as refused:
            print(refused.strerror)
