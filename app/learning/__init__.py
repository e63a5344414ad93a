"""What a learner does: the path and how far they are, lessons, drafts, hand-ins, time."""
