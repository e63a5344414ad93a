"""A template, a number's format and an axis' prefix that make a link together."""

OUTPUT = {
    "kind": "figure",
    "figure": {
        "data": [
            {
                "type": "bar",
                "y": [10, 10],
                "customdata": ["a", "a"],
                "text": ["<", "<"],
                "hovertemplate": "<%{customdata} "
                "href='http://elsewhere.invalid/template'>x</a>%{text}a "
                "href='http://elsewhere.invalid/text'>y</a>",
                "texttemplate": "%{y:<=6x} href='http://elsewhere.invalid/format'>z</a>",
                "textposition": "inside",
            }
        ],
        "layout": {
            "yaxis": {
                "tickformat": "<=6x",
                "ticksuffix": " href='http://elsewhere.invalid/suffix'>w</a>",
                "tickprefix": "<",
            }
        },
    },
    "title": "Hostile",
}
