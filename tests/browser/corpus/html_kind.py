"""An output that says it is HTML."""

OUTPUT = {
    "kind": "html",
    "html": "<script>window.__pwned=1</script>",
    "text": "<img src=x onerror='window.__pwned=1'>",
}
