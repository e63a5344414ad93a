"""Markup in a formula, which the library that writes mathematics lets through."""

MESSAGE = (
    "$\\text{<img/src=http://elsewhere.invalid/tex/onerror=window.__pwned=1>}$ "
    "$\\tag{<script>window.__pwned=1</script>} x$ $\\text{<div/hx-post=/account/hx-trigger=load>}$"
)
