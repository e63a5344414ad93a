"""A harmless mark with a style that fetches."""

OUTPUT = {
    "kind": "figure",
    "figure": {
        "data": [
            {
                "type": "bar",
                "y": [1, 2],
                "name": "<b "
                'style="background:url(http://elsewhere.invalid/style)">x</b><span '
                "style='fill:url(http://elsewhere.invalid/span)'>y</span>",
            }
        ],
        "layout": {"showlegend": True, "title": {"text": "<i onclick='window.__pwned=1'>x</i>"}},
    },
    "title": "Hostile",
}
