"""Raw HTML in a question."""

MESSAGE = (
    "<script>window.__pwned=1</script>\n"
    "\n"
    "<img src='http://elsewhere.invalid/md' onerror='window.__pwned=1'>\n"
    "\n"
    "<details open ontoggle='window.__pwned=1'>x</details>"
)
