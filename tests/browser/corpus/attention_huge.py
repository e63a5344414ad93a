"""An attention view that says it has thousands of tokens and has none."""

OUTPUT = {
    "kind": "attention",
    "tokens": ["a", "b"],
    "labels": ["0.0"],
    "shape": [1, 60000, 60000],
    "data": "/wAAfw==",
    "title": "Huge",
    "guess": None,
}
