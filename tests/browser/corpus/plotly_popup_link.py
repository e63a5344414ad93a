"""Plotly's own way to an inline handler: a link with `popup` gets an onclick."""

OUTPUT = {
    "kind": "figure",
    "figure": {
        "data": [{"type": "bar", "y": [1, 2]}],
        "layout": {
            "annotations": [
                {
                    "text": "<a href='http://elsewhere.invalid/popup' popup='width=1' target='_top'>z</a>",
                    "x": 0,
                    "y": 1,
                }
            ]
        },
    },
    "title": "Hostile",
}
