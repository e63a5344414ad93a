"""What mentors do: see who is stuck, answer, review, sign off, meet."""
