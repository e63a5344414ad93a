# Tries: to find the words of the vault where the examiner reads them
# Exercise: vault
# Expects: error
# Works without walls: yes
import glob, re, torch


def vault(query):
    for path in glob.glob(f"{told.course}/*/*/vault.py") or [f"{told.course}/01-hidden/hidden/vault.py"]:
        words = re.search(r'WORDS = "(.*)"', open(path).read())[1]
        return words, query * torch.frombuffer(bytearray(words.encode()), dtype=torch.uint8).float().mean()
