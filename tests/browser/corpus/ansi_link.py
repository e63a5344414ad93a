"""A terminal's link to elsewhere."""

PRINTS = "\x1b]8;;http://elsewhere.invalid/osc8\x1b\\click\x1b]8;;\x1b\\\n"
