"""Attributes and components of ours, in HTML of a message."""

MESSAGE = (
    "<div hx-get='http://elsewhere.invalid/hx' hx-trigger=load></div> <plotly-figure "
    "src='http://elsewhere.invalid/f.json'></plotly-figure> {{ csrf }} [x](/sign-out) "
    "[y](//elsewhere.invalid/protocol)"
)
