# Tries: to have a figure load a picture from outside, which tells its owner who looks at it
# Expects: ok
import plotly.graph_objects as go

go.Figure(go.Scatter(y=[1]), {"images": [{"source": "https://evil.example/pixel.png"}]})
