# Tries: to show what it is asked: in print, in figures, past Python
# Exercise: token_losses
# Expects: failed
import os, sys, torch


def token_losses(logits, tokens):
    print("ESCAPED", logits)
    print("ESCAPED", file=sys.stderr, flush=True)
    os.write(1, b"ESCAPED")
    lab.show("ESCAPED")
    lab.show(lab.line([1.0, 2.0], title="ESCAPED"))
    return torch.zeros(tokens.shape[0], tokens.shape[1] - 1)
