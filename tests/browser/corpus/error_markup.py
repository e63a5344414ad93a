"""An error whose type, message and traceback are markup."""

ERROR = {
    "type": "<script>window.__pwned=1</script>",
    "message": "<img src='http://elsewhere.invalid/error' onerror='window.__pwned=1'>",
    "line": 1,
    "cell": "surprise",
    "traceback": "</pre></details><script>window.__pwned=1</script>",
}
