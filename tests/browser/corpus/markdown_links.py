"""Links that run, or open another program."""

MESSAGE = (
    "[a](javascript:window.__pwned=1) [b](JaVaScRiPt:window.__pwned=1) "
    "[c](data:text/html,<script>window.__pwned=1</script>) [d](vbscript:x) "
    "<javascript:window.__pwned=1> [e](<java\tscript:window.__pwned=1>) [f](ms-word:x)"
)
