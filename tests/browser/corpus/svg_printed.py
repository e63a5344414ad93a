"""A drawing with a script, printed."""

PRINTS = (
    "<svg xmlns='http://www.w3.org/2000/svg' "
    "onload='window.__pwned=1'><script>window.__pwned=1</script><image "
    "href='http://elsewhere.invalid/svg.png'/></svg>\n"
)
