# Tries: to start threads until the machine stands still
# Expects: error or limit
import threading, time

for _ in range(100000):
    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
