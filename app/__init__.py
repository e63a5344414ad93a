"""The site: serves the learning path, keeps progress, and sends work to the workers. Never imports torch."""
