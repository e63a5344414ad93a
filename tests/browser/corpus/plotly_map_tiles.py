"""Maps whose tiles and borders come from elsewhere."""

OUTPUT = {
    "kind": "figure",
    "figure": {
        "data": [
            {"type": "scattermapbox", "lat": [1], "lon": [1]},
            {
                "type": "choropleth",
                "geojson": "http://elsewhere.invalid/geo.json",
                "locations": ["a"],
                "z": [1],
            },
        ],
        "layout": {
            "mapbox": {"style": "http://elsewhere.invalid/style.json", "accesstoken": "x"},
            "map": {"style": "http://elsewhere.invalid/map.json"},
            "geo": {"visible": True},
        },
    },
    "title": "Hostile",
}
