"""How an installation is started, kept, measured and moved."""
