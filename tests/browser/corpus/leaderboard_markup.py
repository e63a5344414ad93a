"""Names of scores, title and opened attention view of a leaderboard that are markup."""

OUTPUT = {
    "kind": "leaderboard",
    "title": "<iframe src='http://elsewhere.invalid/a'></iframe>",
    "names": ["<img src='http://elsewhere.invalid/name' onerror='window.__pwned=1'>"],
    "shape": [1, 1],
    "data": "AACAPw==",
    "attention": {
        "tokens": ["<script>window.__pwned=1</script>"],
        "labels": ["0.0"],
        "shape": [1, 1, 1],
        "data": "/w==",
        "title": "</script><script>window.__pwned=1</script>",
        "guess": None,
        "grid": {"__proto__": {"polluted": True}},
    },
}
