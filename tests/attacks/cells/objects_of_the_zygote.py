# Tries: to find objects of ours among everything Python knows: jobs, settings, other learners' cells
# Expects: ok or limit
import gc, re, sys

gc.unfreeze()
ours = ("app", "course", "workers.examiner", "workers.tasks", "redis", "celery", "sqlalchemy")
names = [name for name in sys.modules if name.startswith(ours)]
if names:
    print("ESCAPED", names)
wanted = re.compile("canary" + r"-[a-z]+-[0-9a-f]{16}")  # a package has a docstring about canaries of its own
for found in gc.get_objects():
    if type(found) in (dict, list, tuple):
        for value in list(found.values()) if type(found) is dict else found:
            if type(value) is str and len(value) > 24 and wanted.search(value):
                print("ESCAPED", value[:100], flush=True)
