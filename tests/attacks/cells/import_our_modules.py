# Tries: to import our own code, which knows where everything is
# Expects: ok
# Works without walls: yes
import importlib, sys

sys.path.insert(0, told.root)
for name in ("app.config", "app.redis", "workers.tasks", "workers.examiner.grading", "tests.conftest"):
    try:
        print("ESCAPED", importlib.import_module(name).__file__)
    except ImportError as refused:
        print(refused)
