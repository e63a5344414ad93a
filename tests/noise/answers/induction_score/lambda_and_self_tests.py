# Noise: a lambda, tests of one's own below it, and a last line that shows something.
import torch

place_to_read = lambda query, period: query - (period - 1)  # noqa: E731

if __name__ == "__main__":
    assert place_to_read(torch.tensor([5, 6, 7, 8]), 4).tolist() == [2, 3, 4, 5]
    print("all my tests pass")

pattern = torch.rand(3, 9, 9).softmax(-1)
place_to_read(torch.arange(5, 9), period=4)
