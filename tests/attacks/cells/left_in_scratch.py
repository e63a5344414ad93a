# Tries: to leave a module in its own folder, for the next run to import
# Expects: ok
import os, sys

print(os.listdir("."))
if os.listdir("."):
    print("ESCAPED", os.listdir("."))
for name in ("sitecustomize.py", "torch.py", "unembed_attack.py"):
    with open(name, "w") as file:
        file.write("print('ESCAPED')")
os.mkdir("deep")
os.chmod("deep", 0)
