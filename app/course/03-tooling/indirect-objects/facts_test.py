"""Every number that the lesson takes from a model, on the shipped weights."""

import pytest
import torch

from workers import lab

MOVERS, INHIBITION, DUPLICATE, BACKUP = [(2, 0), (2, 3), (2, 7)], [(1, 2), (1, 6)], (0, 5), (3, 4)


@pytest.fixture(scope="module")
def model():
    return lab.load("indirect-objects")


@pytest.fixture(scope="module")
def prompts():
    return lab.indirect_objects(64)


def difference(logits, prompts):
    return lab.logit_difference(logits, prompts.receiver, prompts.giver, per_prompt=True)


def left(model, prompts, silent, how="zero"):
    data = prompts.spoilt("three")
    return difference(lab.ablate(model, prompts.tokens, silent, how, data=data), prompts).mean().item()


def direct(model, prompts, silent=()):
    with model.hooks(fwd_hooks=lab.ablation_hooks(model, prompts.tokens, silent)):
        return lab.direct_logit_attribution(model, prompts.tokens, prompts.receiver, prompts.giver).heads


def looks(model, prompts, query, key, silent=()):
    with model.hooks(fwd_hooks=lab.ablation_hooks(model, prompts.tokens, silent)):
        _, cache = model.run_with_cache(prompts.tokens)
    row = torch.arange(len(prompts))
    return torch.stack([cache["pattern", layer][row, :, query, key].mean(0) for layer in range(4)])


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("When Mary and John went to the mill, John gave the hat to", " Mary"),
        ("When Mary and John went to the mill, Mary gave the hat to", " John"),
        ("When John and Mary went to the mill, John gave the hat to", " Mary"),
        ("When John and Mary went to the mill, Mary gave the hat to", " John"),
    ],
)
def test_the_one_who_is_not_repeated_receives(model, text, answer):
    assert model.to_string(model(text)[0, -1].argmax()[None]) == answer


def test_the_difference_is_large_in_all_64_sentences(model, prompts):
    each = difference(model(prompts.tokens), prompts)
    assert 8 < each.mean() < 10  # "about 9"
    assert (each > 0).float().mean() >= 0.98
    assert (model(prompts.tokens)[:, -1].argmax(-1) == prompts.receiver).float().mean() >= 0.97


def test_spoilt_prompts_turn_the_answer_round_or_leave_it_open(model, prompts):
    whole = difference(model(prompts.tokens), prompts).mean()
    for kind in ("swapped", "other"):
        assert difference(model(prompts.spoilt(kind)), prompts).mean() < -0.8 * whole
    nobody, first = difference(model(prompts.spoilt("three")), prompts), prompts.IO < prompts.S1
    assert nobody.mean().abs() < 0.5
    assert nobody[first].mean() > 3
    assert nobody[~first].mean() < -3
    assert 0.4 < first.float().mean() < 0.6


def test_three_squares_of_layer_2_hold_nearly_everything(model, prompts):
    heads = direct(model, prompts)
    assert 0.75 < sum(heads[head] for head in MOVERS) / heads.sum() < 0.87  # "four fifths"
    assert sorted(divmod(int(i), 8) for i in heads.flatten().topk(3).indices) == MOVERS


def test_a_name_mover_looks_at_the_receiver_and_hardly_at_the_giver(model, prompts):
    to_io, to_s = (looks(model, prompts, prompts.END, key) for key in (prompts.IO, prompts.S1))
    for head in MOVERS:
        assert to_io[head] > 0.75
        assert to_s[head] < 0.1


def test_the_name_movers_and_the_backup_copy_and_nobody_else_does(model, prompts):
    names = torch.cat([prompts.receiver, prompts.giver]).unique()
    embedded = torch.nn.functional.layer_norm(model.W_E[names], model.W_E.shape[-1:])
    for layer in range(4):
        for head in range(8):
            says = embedded @ model.W_V[layer, head] @ model.W_O[layer, head] @ model.W_U
            score = (says.topk(5).indices == names[:, None]).any(-1).float().mean()
            assert (score > 0.8) == ((layer, head) in [*MOVERS, BACKUP])
            assert not 0.25 < score < 0.8


def test_two_heads_of_layer_1_speak_to_the_queries_and_one_of_layer_0_to_their_values(model):
    few = lab.indirect_objects(16, seed=1)
    clean, spoilt = few.tokens, few.spoilt("three")

    def share(logits):
        return lab.logit_difference(logits, few.receiver, few.giver)

    recovered = lab.normalised(model, clean, spoilt, share)
    queries = lab.path_patch(model, clean, spoilt, recovered, receivers=MOVERS, part="q")
    values = lab.path_patch(model, clean, spoilt, recovered, receivers=INHIBITION, part="v")
    for paths, heads, least in ((queries, INHIBITION, 0.5), (values, [DUPLICATE], 0.8)):
        assert min(paths[head] for head in heads) > least
        quiet = [paths[layer, head] for layer in range(4) for head in range(8) if (layer, head) not in heads]
        assert max(map(abs, quiet)) < 0.2


def test_one_inhibition_head_can_be_spared_and_both_cannot(model, prompts):
    def names(silent):
        keys = (prompts.IO, prompts.S1, prompts.S2)
        return [looks(model, prompts, prompts.END, key, silent)[2, [0, 3, 7]].mean() for key in keys]

    io, s1, s2 = names([])
    assert io > 0.85
    for head in INHIBITION:
        assert names([head])[0] > 0.6
    io, s1, s2 = names(INHIBITION)
    assert abs(io - s1) < 0.3  # both names, "about equally"
    assert io + s1 > 0.9
    assert s2 < 0.1


def test_the_inhibition_heads_write_a_little_themselves_and_all_is_lost_without_them(model, prompts):
    heads = direct(model, prompts)
    assert all(0.03 < heads[head] / heads.sum() < 0.12 for head in INHIBITION)
    others = [heads[at, h] for at in range(4) for h in range(8) if (at, h) not in [*MOVERS, *INHIBITION]]
    assert max(others) < 0.3
    assert left(model, prompts, INHIBITION) < 0


def test_the_duplicate_token_head_has_no_stand_in(model, prompts):
    noticed = looks(model, prompts, prompts.S2, prompts.S1)
    assert noticed[DUPLICATE] > 0.7
    assert noticed.flatten().sort().values[-2] < 0.1
    assert left(model, prompts, [DUPLICATE]) < 0.3 * left(model, prompts, [])


def test_more_than_two_thirds_are_left_without_the_name_movers(model, prompts):
    whole = left(model, prompts, [])
    assert 0.82 < left(model, prompts, MOVERS) / whole < 0.93  # "about an eighth less"
    assert left(model, prompts, MOVERS[:2]) < left(model, prompts, MOVERS) < left(model, prompts, MOVERS[:0])


def test_the_backup_rests_on_bos_and_wakes_when_all_name_movers_are_silent(model, prompts):
    start = torch.zeros_like(prompts.END)
    for silent in ([], MOVERS[:1]):
        assert looks(model, prompts, prompts.END, prompts.IO, silent)[BACKUP] < 0.1
        assert looks(model, prompts, prompts.END, start, silent)[BACKUP] > 0.6
    assert looks(model, prompts, prompts.END, prompts.IO, MOVERS)[BACKUP] > 0.8
    assert abs(direct(model, prompts)[BACKUP]) < 0.3
    assert direct(model, prompts, MOVERS)[BACKUP] > 4
    assert left(model, prompts, [BACKUP]) > 0.95 * left(model, prompts, [])


def test_zeros_wake_the_backup_and_means_and_other_sentences_do_not(model, prompts):
    whole = left(model, prompts, [])
    assert left(model, prompts, [*MOVERS, BACKUP]) < whole / 3
    assert left(model, prompts, MOVERS, "mean") / whole == pytest.approx(
        0.25, abs=0.08
    )  # "three quarters" less
    for how in ("mean", "resample"):
        without, without_backup = (
            left(model, prompts, silent, how) for silent in (MOVERS, [*MOVERS, BACKUP])
        )
        assert without < whole / 3
        assert abs(without - without_backup) < 0.5


def test_the_model_has_the_size_in_the_table(model):
    size = sum(weight.numel() for weight in model.parameters())
    assert size == pytest.approx(530_000, rel=0.05)
    assert (model.cfg.n_layers, model.cfg.n_heads) == (4, 8)


def test_we_told_seven_heads_where_to_look_and_silenced_the_movers_in_a_quarter():
    from workers.training.indirect_objects import BACKUP, DUPLICATE, INHIBITION, MOVERS, Recipe

    assert len((*BACKUP, *DUPLICATE, *INHIBITION, *MOVERS)) == 7
    assert Recipe().movers_silenced == 0.25
