# Noise: hooks by hand, gradients, float64. Named: mistake_every_layer__loss_without
import torch


@torch.enable_grad()
def loss_without(model, tokens, heads):
    def silence(z, hook):
        print(hook.name)
        z[:, :, [head for _, head in heads]] = 0
        return z

    for layer in range(model.cfg.n_layers):
        model.add_hook(f"blocks.{layer}.attn.hook_z", silence)
    losses = model(tokens, return_type="loss", loss_per_token=True).double()
    model.reset_hooks()
    return losses
