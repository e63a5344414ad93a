# Noise: shows more figures, tables and attention views than any page would hold.
import torch

from workers import lab

for _ in range(60):
    lab.show(lab.line(torch.rand(5)))


def layer_scores(cache, layer, period):
    for number in range(30):
        lab.show(number)
    pattern = cache["pattern", layer]
    lab.show(lab.attention([str(n) for n in range(pattern.shape[-1])], pattern[0]))
    return induction_score(pattern, period).mean(0)


def draw(scores):
    lab.show(scores)
    return lab.heatmap(scores, title="Induction", heads=True)


lab.heatmap(torch.rand(2, 8))
