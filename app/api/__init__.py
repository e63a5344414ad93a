"""The HTTP API, `/api/v1`: the same nouns as the pages, for programs that bring a token. No cookies.

It is a site within the site (`app.api.site`): its refusals are JSON, and its schema holds nothing else.
"""
