"""A question about a cell whose name is markup."""

CELL = '\'"><script>window.__pwned=1</script><a href="javascript:window.__pwned=1">'
