# Tries: to hold its place in grading, hearing no signal
# Exercise: double
# Expects: error
# Says: Stopped after
# Takes: its time
import signal, time

signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))


def double(x):
    while True:
        time.sleep(100)
