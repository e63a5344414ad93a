"""A tag inside another, so that taking one out leaves the other."""

OUTPUT = {
    "kind": "figure",
    "figure": {
        "data": [
            {"type": "bar", "y": [1, 2], "name": "<<script>a href='http://elsewhere.invalid/nested'>x</a>"}
        ],
        "layout": {"showlegend": True},
    },
    "title": "Hostile",
}
