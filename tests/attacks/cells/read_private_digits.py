# Tries: to read the images and labels by which the examiner judges whoever taught a network to read digits
# Expects: ok
# Works without walls: yes
import gzip, os, sys

places = [told.private_digits, told.private_digits.replace("/private/", "/public/../private/")]
for at, _, names in os.walk(sys.prefix + "/share"):
    places += [f"{at}/{name}" for name in names if "private" in at]
for place in places:
    try:
        print("ESCAPED", place, len(gzip.decompress(open(place, "rb").read())))
    except OSError as refused:
        print(refused.strerror)
