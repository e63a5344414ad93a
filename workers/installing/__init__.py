"""Brings a model onto this machine: fetched, converted once to mapped fp32 weights, folded, and tried out.

`python -m workers.installing NAME --into DIR` is a process of its own, which may be killed at any moment.
"""
