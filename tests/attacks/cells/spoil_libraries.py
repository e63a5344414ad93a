# Tries: to spoil torch, the lab and the models in memory, for whoever comes next
# Expects: ok
import sys, torch

model = lab.load("attn-only-2l")
with torch.no_grad():
    for weight in model.parameters():
        weight.zero_()
torch.allclose = lambda *args, **kwargs: True
lab.load = lambda name: None
sys.modules["unembed_attack"] = sys
torch.set_default_dtype(torch.float64)
torch.manual_seed(0)
