# Tries: to end at once, with a destructor that never does
# Expects: limit or died
# Takes: its time
class Linger:
    def __del__(self):
        while True:
            pass


lingers = Linger()
del lingers
