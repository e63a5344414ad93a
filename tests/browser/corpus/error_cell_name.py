"""An error in a cell whose name leaves the address it is written into."""

ERROR = {
    "type": "ValueError",
    "message": "x",
    "line": 1,
    "cell": '"><script>window.__pwned=1</script><a href="javascript:window.__pwned=1',
    "traceback": "\x1b[31m\u202e",
}
