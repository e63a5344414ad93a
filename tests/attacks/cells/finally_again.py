# Tries: to begin anew whenever it is interrupted
# Expects: limit
# Takes: its time
import sys, time


def again():
    try:
        while True:
            time.sleep(0.01)
    finally:
        again()


again()
