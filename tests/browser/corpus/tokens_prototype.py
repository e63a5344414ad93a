"""Coloured tokens whose objects hold `__proto__`, whose sizes lie, and whose numbers are endless."""

OUTPUT = {
    "kind": "tokens",
    "tokens": ["a", "b"],
    "axes": [{"name": "x", "labels": ["y"], "__proto__": {"polluted": True}}],
    "data": "AACAfwAAgH8=",
    "title": "Prototype",
    "unit": "",
    "most": {"__proto__": {"polluted": True}, "length": 1e308},
    "guesses": {"words": "ab", "ranks": [1e300, -1], "width": 1e9, "data": "", "of": -1},
}
