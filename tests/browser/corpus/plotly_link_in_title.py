"""A figure's title that is a link to elsewhere."""

OUTPUT = {
    "kind": "figure",
    "figure": {
        "data": [{"type": "bar", "y": [1, 2]}],
        "layout": {"title": {"text": '<a href="http://elsewhere.invalid/link">click</a>'}},
    },
    "title": '<a href="http://elsewhere.invalid/link">click</a>',
}
