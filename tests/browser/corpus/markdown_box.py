"""A box that looks like a verdict, with a heading and an id of ours."""

MESSAGE = (
    "!!! verdict passed\n"
    "    You passed.\n"
    "\n"
    "# Passed {#main}\n"
    "\n"
    "| a |\n"
    "|:-:|\n"
    "| <b onclick='window.__pwned=1'>x</b> |\n"
    "\n"
    "[^1]\n"
    "\n"
    "[^1]: <script>window.__pwned=1</script>"
)
