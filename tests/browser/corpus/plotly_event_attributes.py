"""Attributes of HTML among Plotly's."""

OUTPUT = {
    "kind": "figure",
    "figure": {
        "data": [
            {
                "type": "bar",
                "y": [1, 2],
                "onclick": "window.__pwned=1",
                "hoverlabel": {"onmouseover": "window.__pwned=1"},
            }
        ],
        "layout": {
            "onload": "window.__pwned=1",
            "title": {"text": "x", "href": "http://elsewhere.invalid/t"},
            "xaxis": {"onclick": "window.__pwned=1"},
        },
    },
    "title": "Hostile",
}
