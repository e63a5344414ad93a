# Noise: drawings on the side, extra outputs. Named: mistake_over_heads__layer_scores
import matplotlib.pyplot as plt

from workers import lab


def layer_scores(cache, layer, period):
    plt.plot([1, 2])
    plt.show()
    return induction_score(cache["pattern", layer], period).mean(1).double().numpy()


def draw(scores):
    lab.show(lab.line(scores[0]))
    return lab.heatmap(scores, title="Induction", heads=True)
