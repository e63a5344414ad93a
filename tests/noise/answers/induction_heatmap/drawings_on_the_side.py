# Noise: matplotlib and Plotly drawings made and shown on the side, never closed.
import matplotlib.pyplot as plt
import plotly.express as px
import torch

from workers import lab

plt.plot([1, 2, 3])
plt.show()
plt.figure()


def layer_scores(cache, layer, period):
    scores = torch.stack([induction_score(text, period) for text in cache["pattern", layer]]).mean(0)
    plt.bar(range(len(scores)), scores)
    plt.title(f"layer {layer}")
    px.histogram(x=scores.tolist()).show()
    return scores


def draw(scores):
    figure = lab.heatmap(scores, title="Induction", heads=True)
    figure.show()
    plt.imshow(scores)
    plt.show()
    return figure
