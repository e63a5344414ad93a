# Tries: to find objects of ours among everything Python knows: jobs, settings, other learners' cells
# Expects: ok or limit
import gc, sys

gc.unfreeze()
ours = ("app", "course", "workers.examiner", "workers.tasks", "redis", "celery", "sqlalchemy")
names = [name for name in sys.modules if name.startswith(ours)]
if names:
    print("ESCAPED", names)
wanted = "canary" + "-"
for found in gc.get_objects():
    if type(found) in (dict, list, tuple):
        for value in list(found.values()) if type(found) is dict else found:
            if type(value) is str and len(value) > 24 and wanted in value and "gc.unfreeze" not in value:
                print("ESCAPED", value[:100], flush=True)
