"""A byte-level BPE tokenizer of 1,024 tokens, trained on our own tales.

Token 0 is `<|endoftext|>`: it opens every sequence (BOS) and stands between tales.
"""

import json
from collections.abc import Iterable
from pathlib import Path

import torch
from jaxtyping import Int
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import Tensor

BOS = "<|endoftext|>"
D_VOCAB = 1024
# What transformers needs to read the directory without asking the network anything.
_CONFIG = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    "bos_token": BOS,
    "eos_token": BOS,
    "unk_token": BOS,
    "pad_token": BOS,
    "model_max_length": 64,
    "clean_up_tokenization_spaces": False,
}


def train(texts: Iterable[str]) -> Tokenizer:
    """Learn the merges; the 256 bytes are always in, so any text can be written."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=D_VOCAB, special_tokens=[BOS], initial_alphabet=alphabet, show_progress=False
    )
    bpe.train_from_iterator(texts, trainer)
    return bpe


def save(bpe: Tokenizer, directory: Path) -> None:
    """Write the directory that `AutoTokenizer.from_pretrained` reads."""
    directory.mkdir(parents=True, exist_ok=True)
    bpe.save(str(directory / "tokenizer.json"))
    (directory / "tokenizer_config.json").write_text(json.dumps(_CONFIG, indent=2) + "\n", encoding="utf-8")


def encode(bpe: Tokenizer, texts: list[str]) -> Int[Tensor, "tokens"]:
    """All texts as one run of token ids, each opened by BOS."""
    return torch.tensor([i for line in bpe.encode_batch(texts) for i in (0, *line.ids)])
