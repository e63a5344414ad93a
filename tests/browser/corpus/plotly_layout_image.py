"""A picture from elsewhere behind the plot."""

OUTPUT = {
    "kind": "figure",
    "figure": {
        "data": [{"type": "bar", "y": [1, 2]}],
        "layout": {
            "images": [
                {
                    "source": "http://elsewhere.invalid/image.png",
                    "xref": "paper",
                    "yref": "paper",
                    "x": 0,
                    "y": 1,
                    "sizex": 1,
                    "sizey": 1,
                }
            ]
        },
    },
    "title": "Hostile",
}
