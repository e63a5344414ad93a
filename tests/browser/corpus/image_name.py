"""A drawing whose title, its text alternative, is markup."""

OUTPUT = {
    "kind": "image",
    "png": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg==",
    "alt": '" onload="window.__pwned=1" x="><script>window.__pwned=1</script>',
}
