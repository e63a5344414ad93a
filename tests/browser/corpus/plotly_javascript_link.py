"""Links with javascript: and data: addresses, upper case and with entities."""

OUTPUT = {
    "kind": "figure",
    "figure": {
        "data": [
            {
                "type": "bar",
                "y": [1, 2],
                "text": [
                    "<A HREF='javascript:window.__pwned=1'>x</A>",
                    "<a href='&#106;avascript:window.__pwned=1'>y</a>",
                ],
                "textposition": "inside",
            }
        ],
        "layout": {
            "annotations": [
                {"text": "<a href='data:text/html,<script>window.__pwned=1</script>'>z</a>", "x": 0, "y": 1}
            ]
        },
    },
    "title": "Hostile",
}
