# Noise: hooks added by hand and taken off again, a model put into training mode, chatter in every hook.
import torch


def loss_without(model, tokens, heads):
    model.train()
    for layer in range(model.cfg.n_layers):

        def silence(z, hook):
            print(f"{hook.name}: {tuple(z.shape)}")
            for at, head in heads:
                if at == hook.layer():
                    z[:, :, head] = 0
            return z

        model.add_hook(f"blocks.{layer}.attn.hook_z", silence)
    try:
        with torch.no_grad():
            return model(tokens, return_type="loss", loss_per_token=True)
    finally:
        model.reset_hooks()
        model.eval()
