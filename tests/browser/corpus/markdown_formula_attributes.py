"""Attributes in a formula: colours, links, classes, heights."""

MESSAGE = (
    '$\\textcolor{" onclick="window.__pwned=1}{x}$ $\\href{javascript:window.__pwned=1}{x}$ '
    "$\\class{verdict}{x}$ $\\style{background:url(http://elsewhere.invalid/tex)}{x}$\n"
    "\n"
    "$$\\begin{array}{c<script>} x \\end{array}$$"
)
