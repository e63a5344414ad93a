"""A verdict whose message and values were taken from the learner's program."""

VERDICT = {
    "message": "Your code stopped with <script>window.__pwned=1</script>: "
    "[x](javascript:window.__pwned=1) ![x](http://elsewhere.invalid/verdict.png) "
    "$\\text{<img/src=http://elsewhere.invalid/tex/onerror=window.__pwned=1>}$",
    "details": {
        "input": [
            {
                "name": "<script>window.__pwned=1</script>",
                "shape": None,
                "dtype": "<b>",
                "text": "<img src='http://elsewhere.invalid/value' onerror='window.__pwned=1'>",
            }
        ],
        "got": {"shape": None, "dtype": "str", "text": "</pre><script>window.__pwned=1</script>"},
        "traceback": "</pre><script>window.__pwned=1</script>",
        "checks": [
            {
                "name": "check <script>window.__pwned=1</script>",
                "doc": "<script>window.__pwned=1</script>",
                "passed": False,
            }
        ],
    },
}
