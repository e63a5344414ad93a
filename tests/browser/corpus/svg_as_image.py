"""A drawing in the place of a PNG."""

import base64

SVG = (
    b"<svg xmlns='http://www.w3.org/2000/svg' onload='window.__pwned=1'><script>window.__pwned=1</script>"
    b"<image href='http://elsewhere.invalid/in-svg.png'/></svg>"
)
OUTPUT = {"kind": "image", "png": base64.b64encode(SVG).decode(), "alt": "a drawing"}
