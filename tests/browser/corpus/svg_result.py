"""A drawing as the value of a cell (what _repr_svg_ would give)."""

OUTPUT = {
    "kind": "result",
    "text": "<svg><animate onbegin='window.__pwned=1' attributeName=x "
    "dur=1s></svg><svg><foreignObject><iframe "
    "srcdoc='<script>parent.__pwned=1</script>'></iframe></foreignObject></svg>",
}
