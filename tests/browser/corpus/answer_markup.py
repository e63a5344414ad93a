"""An answer whose code is markup, and turns its direction."""

ANSWER = (
    "'''</pre></textarea><script>window.__pwned=1</script>''' # \u202e<img "
    "src='http://elsewhere.invalid/answer' onerror='window.__pwned=1'>\n"
)
