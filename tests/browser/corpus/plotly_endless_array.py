"""An array whose shape says that it never ends."""

OUTPUT = {
    "kind": "figure",
    "figure": {
        "data": [
            {
                "type": "bar",
                "y": {"dtype": "i1", "bdata": "AQID", "shape": "3"},
                "customdata": {"dtype": "f8", "bdata": "AQID", "shape": "2, 99999999"},
            }
        ],
        "layout": {},
    },
    "title": "Hostile",
}
