# Everything below makes its own environment first: nothing but Python 3.11+ is needed.
# Settings are environment variables or lines of `.env`; README.md lists them.
PYTHON ?= python3
INSTALL := exec $(PYTHON) app/install.py --die-with-parent
TEST := exec $(PYTHON) app/install.py --die-with-parent --test

.PHONY: help serve upgrade cohort cohort-worker cohort-restore doctor backup restore check models bench screenshot pictures test

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile

serve: ## install what is missing, start everything, print the address (Ctrl-C stops)
	@$(INSTALL) serve

upgrade: ## the newest version of what `make serve` runs: a backup, git pull, and a start that loses nothing
	@$(PYTHON) app/install.py backup
	@git pull --ff-only
	@$(PYTHON) app/install.py --as-it-is renew

cohort: ## start a cohort's containers, or upgrade them after `git pull` (Docker, with .env filled in)
	@sh app/deploy/cohort.sh

cohort-restore: ## bring a backup back into new containers, and start them (make cohort-restore FILE=…)
	@sh app/deploy/cohort.sh restore $(FILE)

cohort-worker: ## the same on a further machine, which only works (see the manual at /manual/cohort)
	@sh app/deploy/cohort.sh worker

doctor: ## look at an installation and say what is wrong with it
	@$(INSTALL) doctor

backup: ## write all that people have made into one file, while the site runs (make backup FILE=…)
	@$(INSTALL) backup $(FILE)

restore: ## bring it back, into an installation with an empty database (make restore FILE=…)
	@$(INSTALL) restore $(FILE)

check: ## have the course check itself: references pass, wrong answers are named
	@$(INSTALL) course check

models: ## train the shipped models again (make models NAMES="attn-only-2l"; hours)
	@$(INSTALL) -m workers.training $(NAMES)

bench: ## compare with nbgrader, otter, papermill, Jupyter; then a crowd (make bench OPTIONS="--quick"; 30 minutes)
	@$(TEST) -m tests.benchmarks $(OPTIONS)

screenshot: ## take the README's picture again, in a real browser
	@$(TEST) -m pytest tests/browser/test_first_quarter_hour.py
	@cp tests/browser/screenshots/a-bright-head.png static/screenshot.png

pictures: ## take the manual's pictures of the lab's views again, in a real browser
	@$(PYTHON) app/install.py --test -m pytest -m browser tests/browser/test_view_pictures.py -k taken
	@$(TEST) -m tests.browser.view_pictures

# What touches the database runs twice: on SQLite, then on Postgres (not the attacks: the walls know neither).
# Most of that watches no clock, and runs two at a time, a file as a whole. The browser's tests come on their
# own: Playwright keeps an event loop in the main thread.
TOGETHER := -m together --numprocesses 2 --dist loadfile

test: ## everything: style, types, tests, the course, Postgres, a real browser
	@$(TEST) -m ruff check .
	@$(TEST) -m ruff format --check .
	@$(TEST) -m mypy
	@$(TEST) -m pytest -m "not browser and not together"
	@$(TEST) -m pytest $(TOGETHER)
	@UNEMBED_TEST_POSTGRES=1 $(TEST) -m pytest $(TOGETHER)
	@UNEMBED_TEST_POSTGRES=1 $(TEST) -m pytest -m "database and not (browser or together)" --ignore tests/attacks
	@$(TEST) -m pytest -m browser
