"""Ends of the elements and attributes that outputs are written into."""

PRINTS = (
    "</span></div></section></main></pre></textarea></title></script>'\"><img src=x "
    "onerror='window.__pwned=1'>{{ 7*7 }}{% raw %}\n"
)
