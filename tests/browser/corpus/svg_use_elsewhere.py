"""References of a drawing to elsewhere: use, filters, fonts."""

OUTPUT = {
    "kind": "result",
    "text": "<svg><use href='http://elsewhere.invalid/use.svg#x'/><style>@import "
    "url(http://elsewhere.invalid/import.css); "
    "@font-face{font-family:x;src:url(http://elsewhere.invalid/font)}</style><a "
    "xlink:href='javascript:window.__pwned=1'><text>x</text></a></svg>",
}
