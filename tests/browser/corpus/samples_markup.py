"""Texts of samples that are markup, in an order that names texts which are not there."""

OUTPUT = {
    "kind": "samples",
    "title": "<iframe src='http://elsewhere.invalid/a'></iframe>",
    "axis": {
        "name": "<img src='http://elsewhere.invalid/axis'>",
        "labels": ["<script>window.__pwned=1</script>"],
    },
    "texts": [["<img src='http://elsewhere.invalid/token' onerror='window.__pwned=1'>"]],
    "places": [0],
    "orders": [[0, 7, "__proto__"]],
    "data": "AACAPw==",
}
