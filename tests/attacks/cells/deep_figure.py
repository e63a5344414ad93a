# Tries: to show a figure nested so deep that reading it ends the reader
# Expects: ok or error
import plotly.graph_objects as go

deep = {}
for _ in range(3000):
    deep = {"a": deep}
go.Figure(go.Scatter(y=[1], customdata=[deep]))
