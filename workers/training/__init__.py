"""Scripts that make every model the course ships, from a seed and nothing else.

`python -m workers.training` retrains all of them; see `attention_only.py` for the recipes.
"""
