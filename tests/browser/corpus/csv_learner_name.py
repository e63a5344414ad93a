"""A learner whose name is a formula and markup."""

NAME = '=HYPERLINK("http://elsewhere.invalid")<script>window.__pwned=1</script>'
