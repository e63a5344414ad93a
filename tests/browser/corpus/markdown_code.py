"""Code in a fence whose language and text leave their place."""

MESSAGE = (
    '```"><script>window.__pwned=1</script>\n'
    "</code></pre><script>window.__pwned=1</script>\n"
    "```\n"
    "\n"
    "    <script>window.__pwned=1</script>\n"
    "\n"
    "`<script>window.__pwned=1</script>`"
)
