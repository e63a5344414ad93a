"""A learner's goal, shown to the mentor, that is markup."""

GOAL = "<script>window.__pwned=1</script><img src='http://elsewhere.invalid/goal' onerror='window.__pwned=1'>"
