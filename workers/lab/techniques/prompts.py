"""What learners give to a technique, as tensors; what cannot be meant is answered by a sentence."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import torch
from jaxtyping import Int
from torch import Tensor

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

Prompts: TypeAlias = str | Sequence[str] | Int[Tensor, "batch pos"] | Int[Tensor, "pos"]
Answers: TypeAlias = str | int | Sequence[str] | Sequence[int] | Int[Tensor, "batch"]


def tokens_of(model: "TransformerBridge", prompts: Prompts) -> Int[Tensor, "batch pos"]:
    """Prompts as token ids, where the model stands: a text gets a BOS in front, token ids stay as they are.

    Raises `ValueError` with a sentence if they are not equally long, too long, or no prompts at all.
    """
    if isinstance(prompts, Tensor):
        tokens = prompts[None] if prompts.ndim == 1 else prompts
    else:
        tokens = _tokenised(model, [prompts] if isinstance(prompts, str) else list(prompts))
    if tokens.ndim != 2 or tokens.numel() == 0 or tokens.is_floating_point():
        raise ValueError(
            "Prompts are texts, or token ids with shape [batch, pos] or [pos]; "
            f"this is a tensor of {tokens.dtype} with shape {list(tokens.shape)}."
        )
    if tokens.shape[1] > model.cfg.n_ctx:
        raise ValueError(
            f"The prompt has {tokens.shape[1]} tokens, but {_name(model)} reads at most {model.cfg.n_ctx}."
        )
    return tokens.to(device_of(model)).long()


def pair_of(
    model: "TransformerBridge", clean: Prompts, corrupted: Prompts
) -> tuple[Int[Tensor, "batch pos"], Int[Tensor, "batch pos"]]:
    """Both as token ids of the same shape. Raises `ValueError` with a sentence if they do not pair up."""
    one, other = tokens_of(model, clean), tokens_of(model, corrupted)
    if one.shape[1] != other.shape[1]:
        raise ValueError(
            f"The clean prompt has {one.shape[1]} tokens and the corrupted one {other.shape[1]}. Patching "
            "puts each position in the place of the same position, so they have to be equally long: "
            "choose words of equally many tokens (`model.to_str_tokens(text)` shows them)."
        )
    if one.shape[0] != other.shape[0]:
        raise ValueError(
            f"There are {one.shape[0]} clean prompts and {other.shape[0]} corrupted ones; "
            "each needs its counterpart, in the same order."
        )
    return one, other


def answer_tokens(model: "TransformerBridge", answers: Answers) -> Int[Tensor, "answer"]:
    """The token id of each answer: `lab.answer_tokens(model, [" Mary", " John"])`.

    Token ids are passed through. Raises `ValueError` with a sentence for an answer that is not one token.
    """
    if isinstance(answers, Tensor):
        found = answers.reshape(-1).tolist()
    elif isinstance(answers, str | int):
        found = [answers]
    else:
        found = list(answers)
    return torch.tensor([_single(model, answer) for answer in found], device=device_of(model))


def device_of(model: "TransformerBridge") -> torch.device:
    """Where the model's numbers are."""
    return next(model.parameters()).device


def _tokenised(model: "TransformerBridge", texts: Sequence[str]) -> Int[Tensor, "batch pos"]:
    if not texts or not all(isinstance(text, str) for text in texts):
        raise ValueError("Prompts are a text, a list of texts, or a tensor of token ids [batch, pos].")
    rows = [model.to_tokens(text) for text in texts]
    lengths = [row.shape[1] for row in rows]
    if len(set(lengths)) > 1:
        raise ValueError(
            f"These prompts have {_listed(lengths)} tokens. In one batch all have to be equally long, "
            "or a position would mean something else in each."
        )
    return torch.cat(rows)


def _single(model: "TransformerBridge", answer: str | int) -> int:
    if not isinstance(answer, str):
        # a classifier answers with fewer tokens than it reads
        most = getattr(model.cfg, "d_vocab_out", -1)
        most = most if most and most > 0 else model.cfg.d_vocab
        if not 0 <= int(answer) < most:
            raise ValueError(f"There is no token {answer}: {_name(model)} knows 0 to {most - 1}.")
        return int(answer)
    pieces = model.to_tokens(answer, prepend_bos=False)[0]
    if len(pieces) != 1:
        cut = model.to_str_tokens(answer, prepend_bos=False)
        raise ValueError(
            f"The answer {answer!r} is not one token for {_name(model)}, but {len(pieces)}: {cut}. The model "
            "predicts one token at a time: choose another answer, mind the space in front of a word, or give "
            "the id of its first token."
        )
    return int(pieces[0])


def _name(model: "TransformerBridge") -> str:
    return str(getattr(model.cfg, "model_name", None) or "the model")


def _listed(lengths: Sequence[int]) -> str:
    shown = [str(length) for length in lengths[:8]]
    return ", ".join(shown) + (", …" if len(lengths) > 8 else "")
