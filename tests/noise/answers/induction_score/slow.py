# Noise: slow, by sleeping and by computing, but within the limits.
import time

import torch

time.sleep(1)


def place_to_read(query, period):
    time.sleep(0.3)
    for _ in range(20):
        torch.randn(200, 200) @ torch.randn(200, 200)
    return query - period + 1
