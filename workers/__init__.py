"""Everything behind the queue: Celery tasks, the runner of learner code, the examiner, and the lab."""
