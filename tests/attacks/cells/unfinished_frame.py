# Tries: to let the reader wait for the rest of a frame that never comes
# Expects: limit or died
# Takes: its time
import os, struct, time

os.write(3, struct.pack(">II", 8 << 20, 64 << 20) + b"{")
time.sleep(1000)
