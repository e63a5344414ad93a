# Tries: infinity, to be more than every bound
# Exercise: token_losses
# Expects: failed
# Says: finite
def token_losses(logits, tokens):
    return logits[:, 1:, 0].abs() / 0
