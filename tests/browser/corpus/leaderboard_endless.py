"""A leaderboard that says it has millions of heads, and has one number."""

OUTPUT = {
    "kind": "leaderboard",
    "title": "Endless",
    "names": ["x"],
    "shape": [9_000_000_000, 2],
    "data": "AACAPw==",
    "attention": None,
}
