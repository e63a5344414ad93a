"""Markup in every name that the page itself writes: title, trace, axis, category."""

OUTPUT = {
    "kind": "figure",
    "figure": {
        "data": [
            {
                "type": "heatmap",
                "z": [[1, 2]],
                "x": ["<img src='http://elsewhere.invalid/x' onerror='window.__pwned=1'>", "b"],
                "y": ["</script><script>window.__pwned=1</script>"],
                "name": "<svg onload=window.__pwned=1>",
            }
        ],
        "layout": {
            "title": {"text": "</title><script>window.__pwned=1</script>"},
            "xaxis": {"title": {"text": "<iframe src='http://elsewhere.invalid/f'>"}},
        },
    },
    "title": '"><script>window.__pwned=1</script>',
}
