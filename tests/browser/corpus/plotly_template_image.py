"""The picture hides in the theme."""

OUTPUT = {
    "kind": "figure",
    "figure": {
        "data": [{"type": "bar", "y": [1, 2]}],
        "layout": {
            "template": {
                "layout": {
                    "images": [{"name": "t", "source": "http://elsewhere.invalid/theme.png"}],
                    "imagedefaults": {"source": "http://elsewhere.invalid/default.png"},
                }
            },
            "images": [{"templateitemname": "t", "xref": "paper", "yref": "paper", "sizex": 1, "sizey": 1}],
        },
    },
    "title": "Hostile",
}
