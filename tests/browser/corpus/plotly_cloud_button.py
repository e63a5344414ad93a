"""Plotly's buttons that send the figure to its maker's cloud."""

OUTPUT = {
    "kind": "figure",
    "figure": {
        "data": [{"type": "bar", "y": [1, 2]}],
        "layout": {"modebar": {"add": ["sendDataToCloud", "editInChartStudio"]}},
    },
    "title": "Hostile",
}
