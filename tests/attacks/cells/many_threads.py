# Tries: to compute in many threads, past the one that we set
# Expects: limit or died or error
# Takes: its time
import threading, torch

torch.set_num_threads(16)


def work():
    x = torch.randn(300, 300)
    while True:
        x = (x @ x).clamp(-1, 1)


for _ in range(12):
    threading.Thread(target=work).start()
work()
