"""What an exercise asks to write cannot be had from the lab while the answer runs."""

from __future__ import annotations

import pytest

from workers import lab
from workers.lab.away import WriteItYourself, away
from workers.lab.techniques import patching


def test_within_it_says_what_to_do_and_afterwards_all_is_as_it_was():
    ours = lab.patch_heads
    with away(print, "patch_heads"), pytest.raises(WriteItYourself, match="asks you to write"):
        lab.patch_heads()
    assert lab.patch_heads is ours is patching.patch_heads


def test_its_module_and_the_answers_own_name_for_it_are_no_way_round():
    names = {"mine": lab.patch_heads}
    exec("def answer(): return mine()", names)
    with away(names["answer"], "patch_heads"):
        with pytest.raises(WriteItYourself):
            names["answer"]()
        with pytest.raises(WriteItYourself):
            patching.patch_heads()
    assert names["mine"] is lab.patch_heads


def test_everything_comes_back_when_the_answer_fails():
    ours = lab.logit_lens
    with pytest.raises(ZeroDivisionError), away(print, "logit_lens"):
        raise ZeroDivisionError
    assert lab.logit_lens is ours


def test_other_functions_stay():
    with away(print, "patch_heads"):
        assert lab.load("attn-only-1l").cfg.n_layers == 1
