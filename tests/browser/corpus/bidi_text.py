"""Signs that turn the direction of writing, and tags that nobody sees."""

PRINTS = "grade: \u202efailed\u202c \u2066passed\u2069 \u200b\U000e0041\ufeff\n"
