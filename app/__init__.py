"""The site: serves the learning path, keeps progress, and sends work to the workers. Never imports torch.

Doors: `main` (start reading there), `routes/` (a file a noun), `api/`, `cli`; `pages` and `visitors` serve
all of them.
Rooms, each of plain functions on `(session, …)` that never commit and know nothing of the web:

- `lessons`: the course, read from `course/`; `jupyter`: lessons as notebooks, out and in.
- `learning`: what a learner does; `running`: how their code runs.
- `people`: who there is, and who may see whom; `post`: what they are told.
- `teaching`: a cohort's course; `mentoring`: what mentors do.
- `operating`: how an installation is started, kept, measured and moved.

Beneath them `models/` (the tables) and, beside this file, what every room stands on: `db`, `jobs`, `guard`,
`config`. `tests/test_walls.py` says which room may know which.
"""
