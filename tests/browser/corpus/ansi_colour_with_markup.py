"""Colours around markup, so that a converter to HTML would write it."""

PRINTS = "\x1b[31m<script>window.__pwned=1</script>\x1b[0m\x1b[38;2;1;2;3;url(http://elsewhere.invalid/ansi)m\x9b31m<b>x</b>\n"
