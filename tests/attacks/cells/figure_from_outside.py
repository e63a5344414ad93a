# Tries: to show a figure of a kind that loads its data from elsewhere
# Expects: ok
# Shows: notice
import plotly.graph_objects as go

go.Figure(go.Image(source="https://evil.example/pixel.png"))
