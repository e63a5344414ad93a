"""A trace that is a picture from elsewhere."""

OUTPUT = {
    "kind": "figure",
    "figure": {"data": [{"type": "image", "source": "http://elsewhere.invalid/trace.png"}], "layout": {}},
    "title": "Hostile",
}
