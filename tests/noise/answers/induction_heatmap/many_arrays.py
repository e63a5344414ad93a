# Noise: a figure of float64 and text, with a template, hover texts, annotations and a second, empty trace.
import numpy as np
import plotly.graph_objects as go


def layer_scores(cache, layer, period):
    return induction_score(cache[f"blocks.{layer}.attn.hook_pattern"].double(), period).mean(0)


def draw(scores):
    numbers = np.asfortranarray(np.asarray(scores, dtype=np.float64))
    labels = [[f"{value:.2f}" for value in row] for row in numbers]
    heat = go.Heatmap(z=numbers, text=labels, texttemplate="%{text}", colorscale="Viridis")
    figure = go.Figure([go.Scatter(x=[], y=[]), heat])
    figure.update_layout(title={"text": "Kopf für Kopf 🐙"}, template="plotly_dark", width=700)
    figure.update_xaxes(title="Head (0–7)").update_yaxes(title="Layer", autorange="reversed")
    figure.add_annotation(text="bright", x=1, y=1)
    return figure
