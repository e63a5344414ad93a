"""Pictures from elsewhere, which tell who reads."""

MESSAGE = (
    "![a](http://elsewhere.invalid/picture.png) ![b][r]\n"
    "\n"
    "[r]: http://elsewhere.invalid/reference.png\n"
    "\n"
    "[![c](http://elsewhere.invalid/in-link.png)](http://elsewhere.invalid/link)"
)
