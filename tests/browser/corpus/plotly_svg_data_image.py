"""A picture that is an SVG with a script and a reference to elsewhere."""

OUTPUT = {
    "kind": "figure",
    "figure": {
        "data": [{"type": "bar", "y": [1, 2]}],
        "layout": {
            "images": [
                {
                    "source": "data:image/svg+xml,<svg "
                    "xmlns='http://www.w3.org/2000/svg' "
                    "onload='window.__pwned=1'><script>window.__pwned=1</script><image "
                    "href='http://elsewhere.invalid/inner.png'/></svg>",
                    "xref": "paper",
                    "yref": "paper",
                    "x": 0,
                    "y": 1,
                    "sizex": 1,
                    "sizey": 1,
                }
            ]
        },
    },
    "title": "Hostile",
}
