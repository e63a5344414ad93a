# Tries: to read the words of the vault in the memory of the examiner
# Exercise: vault
# Expects: error
import os


def vault(query):
    with open(f"/proc/{told.pids['examiner']}/mem", "rb") as memory:
        return memory.read(100).decode(), query
