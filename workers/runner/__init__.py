"""Runs learner code, each run in a process of its own that is warm, confined, and gone afterwards.

`supervisor` listens; `run` is one run as the supervisor sees it; `pool` holds the zygotes and the children
that wait; `zygote` is warm and forks; `child` runs cells (`cells`, `errors`, `streams`) behind the walls of
`confine`. Workers use `client` and `limits`, and nothing else of this.
"""
