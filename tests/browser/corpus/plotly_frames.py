"""Frames of an animation that bring a picture, and a slider that plays them."""

OUTPUT = {
    "kind": "figure",
    "figure": {
        "data": [{"type": "bar", "y": [1, 2]}],
        "layout": {"sliders": [{"steps": [{"method": "animate", "args": [["f"]], "label": "f"}]}]},
        "frames": [{"name": "f", "layout": {"images": [{"source": "http://elsewhere.invalid/frame.png"}]}}],
    },
    "title": "",
}
