"""Keys that change every object of the page once they are copied."""

OUTPUT = {
    "kind": "figure",
    "figure": {
        "data": [
            {
                "type": "bar",
                "y": [1, 2],
                "meta": {"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}},
                "__proto__": {"polluted": 1},
            }
        ],
        "layout": {"__proto__": {"polluted": 1}, "meta": {"__proto__": {"polluted": 1}}},
    },
    "title": "Hostile",
}
