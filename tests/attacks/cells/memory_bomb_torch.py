# Tries: to use up the memory with one tensor, and then with many
# Expects: error or limit
# Says: memory
import torch

try:
    torch.ones(1 << 40)
except (MemoryError, RuntimeError) as refused:
    print(type(refused).__name__)
held = [torch.ones(1 << 22) for _ in range(1 << 20)]
