# Tries: to show one figure that no browser can draw
# Expects: ok
# Shows: notice
# Says: larger than
import plotly.graph_objects as go
import torch

go.Figure(go.Scatter(y=torch.rand(5_000_000).numpy()))
