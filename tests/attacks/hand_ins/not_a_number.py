# Tries: NaN, which is neither more nor less than what is wanted
# Exercise: token_losses
# Expects: failed
# Says: finite
def token_losses(logits, tokens):
    return logits[:, 1:, 0] * float("nan")
