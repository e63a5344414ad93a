"""Rows, columns and words of a view of top tokens that are markup."""

OUTPUT = {
    "kind": "top_tokens",
    "title": '<b onclick="window.__pwned=1">title</b>',
    "axis": "<svg onload='window.__pwned=1'>",
    "rows": ["<img src='http://elsewhere.invalid/row' onerror='window.__pwned=1'>"],
    "columns": ["</noscript><script>window.__pwned=1</script>"],
    "words": [
        ["<a href='http://elsewhere.invalid/word'>word</a>", "</script><script>window.__pwned=1</script>"]
    ],
    "data": "AACAPwAAAEA=",
}
