# Noise: the result hangs in an autograd graph that has been walked backwards once, and asks for gradients.


def token_losses(logits, tokens):
    logits = logits.clone().requires_grad_()
    losses = -logits[:, :-1].log_softmax(-1).gather(-1, tokens[:, 1:, None])[..., 0]
    losses.sum().backward(retain_graph=True)
    return losses
