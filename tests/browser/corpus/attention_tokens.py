"""Tokens, labels and title of an attention view that are markup."""

OUTPUT = {
    "kind": "attention",
    "tokens": [
        "<img src='http://elsewhere.invalid/token' onerror='window.__pwned=1'>",
        "</script><script>window.__pwned=1</script>",
    ],
    "labels": ["<script>window.__pwned=1</script>"],
    "shape": [1, 2, 2],
    "data": "/wAAfw==",
    "title": "<iframe src='http://elsewhere.invalid/a'></iframe>",
    "guess": {"head": 0, "query": 1},
}
