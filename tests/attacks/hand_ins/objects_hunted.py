# Tries: to find the reference among all objects of its process, and to let it answer
# Exercise: token_losses
# Expects: failed or error
# Works without walls: yes
import gc


def token_losses(logits, tokens):
    gc.unfreeze()
    for found in gc.get_objects():
        if type(found).__name__ == "function" and found.__name__ == "token_losses":
            if found.__code__ is not token_losses.__code__:
                return found(logits, tokens)
    raise LookupError("there is none")
