"""Printed markup: scripts, frames, forms, a base, a refresh."""

PRINTS = (
    "<script>window.__pwned=1</script><iframe src='http://elsewhere.invalid/frame'></iframe><form "
    "action='http://elsewhere.invalid/form'><button autofocus>x</button></form><base "
    "href='http://elsewhere.invalid/'><meta http-equiv=refresh "
    "content='0;url=http://elsewhere.invalid/refresh'><link rel=stylesheet "
    "href='http://elsewhere.invalid/css'><object data='http://elsewhere.invalid/o'></object>\n"
)
