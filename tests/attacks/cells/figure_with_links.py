# Tries: to put scripts and links into a figure
# Expects: ok
# Shows: figure
import plotly.graph_objects as go

go.Figure(
    go.Scatter(
        x=[1], y=[1], mode="text", text=["<a href='javascript:alert(1)'>click</a><img src=//evil.example/x>"],
        hovertemplate="<script>alert(1)</script>",
    ),
    {"title": {"text": "<a href='https://evil.example'>free</a><svg onload=alert(1)>"}},
)
