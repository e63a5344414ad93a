# Tries: to find the reference in a module that is loaded, or to load it
# Exercise: token_losses
# Expects: failed or error
# Works without walls: yes
import importlib, sys


def token_losses(logits, tokens):
    for name, module in list(sys.modules.items()):
        found = getattr(module, "token_losses", None) if name != "__main__" else None
        if type(found).__name__ == "function" and found is not token_losses:
            return found(logits, tokens)
    return importlib.import_module("course_token_losses").token_losses(logits, tokens)
