"""Settings in place of a figure: another map service, editing, scripts of its own."""

OUTPUT = {
    "kind": "figure",
    "figure": {
        "data": [{"type": "bar", "y": [1, 2]}],
        "layout": {},
        "config": {
            "plotlyServerURL": "http://elsewhere.invalid",
            "mapboxAccessToken": "x",
            "topojsonURL": "http://elsewhere.invalid/topo/",
            "showSendToCloud": True,
            "editable": True,
        },
    },
    "title": "",
}
