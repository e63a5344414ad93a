"""Scripts that make every model the course ships, from a seed and nothing else.

`python -m workers.training` retrains all of them; `making.py` says how to add one.
"""
