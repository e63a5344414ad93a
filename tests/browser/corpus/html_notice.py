"""A notice, which only we write, with markup."""

OUTPUT = {
    "kind": "notice",
    "text": "<a href='javascript:window.__pwned=1' autofocus onfocus='window.__pwned=1'>Your session "
    "has ended: sign in</a>",
}
