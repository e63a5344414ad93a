"""The value of a cell that is a page with scripts."""

OUTPUT = {
    "kind": "result",
    "text": "<html><body onload='window.__pwned=1'><script>window.__pwned=1</script></body></html>",
}
