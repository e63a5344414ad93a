"""Tokens, axes, unit, predictions and title of coloured tokens that are markup."""

OUTPUT = {
    "kind": "tokens",
    "tokens": [
        "<img src='http://elsewhere.invalid/token' onerror='window.__pwned=1'>",
        "</noscript><script>window.__pwned=1</script>",
    ],
    "axes": [
        {
            "name": "<svg onload='window.__pwned=1'>",
            "labels": ["</script><script>window.__pwned=1</script>", "<iframe src=//elsewhere.invalid>"],
        }
    ],
    "data": "AACAPwAAAEAAAIA/AAAAQA==",
    "title": "<iframe src='http://elsewhere.invalid/a'></iframe>",
    "unit": "<img src='http://elsewhere.invalid/unit'>",
    "most": [1, 2],
    "guesses": {
        "words": [[], ["<style>@import 'http://elsewhere.invalid/css'</style>"]],
        "data": "AACAPwAAAEA=",
        "width": 1,
        "ranks": [None, 1],
        "of": 9,
    },
}
