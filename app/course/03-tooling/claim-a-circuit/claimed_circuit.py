"""Claim a circuit

Name the heads that find out who receives, and the places at which they matter. The examiner draws prompts
you have not seen, leaves your places alone, replaces every other head's output by its mean over other
prompts, and measures:

- **faithful**: your circuit alone brings back at least 85 % of the model's logit difference;
- **complete**: whatever group of your heads at END is silenced in both, a layer at a time or all from a
  layer on, your circuit still does as well as the model, to within 25 % of the whole logit difference;
- **minimal**: no place could be left out. Without it, the circuit loses at least 6 % of the whole, as it
  stands or with others of its layer silent.

A circuit of fewer places is a stronger claim. Twenty at most are tried.
"""

from collections.abc import Iterator

import torch

from workers import lab

HINTS = [
    "Work backwards. Who reads the right name from END? How do they know which of the two names to read? "
    "And how does *that* head know which name has been named twice?",
    "Faithful but not complete: silence the name movers in the whole model, and see who speaks up instead. "
    "That head belongs to the circuit, although it does nothing today.",
    "At S2 and at the first two names one head of layer 0 suffices, the same for both. At END there are "
    "six: two of layer 1, three of layer 2, and the one of layer 3 that waits.",
]
MINUTES = 30
CONCEPTS = ["claimed-a-circuit"]
PURPOSE = """A circuit is a claim that others can test: these parts, at these places, and nothing else. Three
numbers say how good it is, and they pull in different directions; that is what makes it a claim and not a
list."""
DIFFICULTY = 4
IMPORTANCE = 5
WHY = """Head 0.5 looks from the second mention of a name back to the first, and marks it as *named twice*;
at the first names it looks at itself, and writes down who stands there in a form that layer 2 can read. The
heads 1.2 and 1.6 carry the mark from S2 to END. There it turns the name movers 2.0, 2.3 and 2.7 away from
the giver: they read the other name, and say it. Head 3.4 would do the same, and does so only when they are
silent. Leave it out, and the circuit is faithful, small, and wrong about what the model would do without its
name movers."""
FRONTIER = {"size": "places named", "faithfulness": "faithfulness"}

at_first: list[tuple[int, int]] = [(0, 5)]
"""Heads that matter where the two names are first said (IO and S1):"""

at_S2: list[tuple[int, int]] = [(0, 5)]
"""Heads that matter where the giver is named again (S2):"""

at_END: list[tuple[int, int]] = [(1, 2), (1, 6), (2, 0), (2, 3), (2, 7), (3, 4)]
"""Heads that matter at the last token (END):"""

MODEL = "indirect-objects"
MOST_PLACES = 20
FAITHFUL, COMPLETE, MINIMAL = 0.85, 0.25, 0.06
_FRAMES, _PROMPTS, _OTHERS = (0, 2, 5), 8, 30


def check_places(answer):
    """The heads exist, each is named once at a place, and there are not too many."""
    layers, heads_each = lab.load(MODEL).cfg.n_layers, lab.load(MODEL).cfg.n_heads
    for name in ("at_first", "at_S2", "at_END"):
        heads = getattr(answer, name)
        strange = [f"{layer}.{head}" for layer, head in heads if layer >= layers or head >= heads_each]
        assert not strange, (
            f"There is no head {strange[0]}: the model has layers 0 to {layers - 1} of {heads_each} heads."
        )
        assert len(set(heads)) == len(heads), "Somewhere you name a head twice. Once is enough."
    size = _size(answer)
    assert size <= MOST_PLACES, (
        f"You name {size} places (a head at the first names counts twice, for IO and S1). {MOST_PLACES} are "
        f"tried at most: who names everything has claimed nothing."
    )


def check_faithful(answer):
    """Faithful: alone, it brings back at least 85 % of the logit difference."""
    share = _mean(_share(case, answer) for case in _cases())
    answer.measured(size=_size(answer), faithfulness=round(share, 3))
    assert share >= FAITHFUL, (
        f"Alone, your circuit brings back {share:.0%} of the logit difference; {FAITHFUL:.0%} are needed. "
        f"Somebody who is needed is missing, or is named at the wrong place."
    )


def check_complete(answer):
    """Complete: without a group of its heads it does as well as the model without them."""
    cases = list(_cases())
    whole = _mean(_whole(case) for case in cases)
    for silent in _groups(answer):
        theirs = _mean(_whole(case, silent) for case in cases)
        mine = _mean(_alone(case, answer, silent) for case in cases)
        names = ", ".join(f"{layer}.{head}" for layer, head in silent)
        assert (theirs - mine) / whole <= COMPLETE, (
            f"With {names} silent, the model still has {theirs:.1f} of its {whole:.1f} nats, and your "
            f"circuit {mine:.1f}. Somebody you have not named does their work when they are silent."
        )


def check_minimal(answer):
    """Minimal: every place that is named is needed, now or when others are silent."""
    cases = list(_cases())
    whole = _mean(_whole(case) for case in cases)
    for where, head in _named(answer):
        beside = [other for other in answer.at_END if other[0] == head[0] and other != head]
        most = 0.0
        for silent in ([], beside, *_layers(answer)):
            if most < MINIMAL:
                lost = (
                    _alone(case, answer, silent) - _alone(case, answer, silent, (where, head))
                    for case in cases
                )
                most = max(most, _mean(lost) / whole)
        assert most >= MINIMAL, (
            f"Head {head[0]}.{head[1]} at {_WHERE[where]} could be left out: without it the circuit loses at "
            f"most {most:.0%} of the logit difference, whoever else is silent. From {MINIMAL:.0%} on a place "
            "counts as needed."
        )


_WHERE = {"at_first": "the first names", "at_S2": "S2", "at_END": "END"}
_PLACES = {"at_first": ("IO", "S1"), "at_S2": ("S2",), "at_END": ("END",)}


def _mean(values) -> float:
    listed = list(values)
    return sum(listed) / len(listed)


def _cases() -> Iterator[tuple]:
    """Prompts of several frames, and others of the same frame with three different names."""
    for frame in _FRAMES:
        seed = int(torch.randint(10**6, 10**9, ()))
        others = lab.indirect_objects(_OTHERS, seed + 1, frame=frame).spoilt("three", seed)
        yield lab.indirect_objects(_PROMPTS, seed, frame=frame), others


def _size(answer) -> int:
    return 2 * len(answer.at_first) + len(answer.at_S2) + len(answer.at_END)


def _named(answer) -> list[tuple[str, tuple[int, int]]]:
    return [(where, head) for where in _PLACES for head in getattr(answer, where)]


def _layers(answer) -> list[list[tuple[int, int]]]:
    """The claim's heads at END, layer by layer."""
    layers = sorted({layer for layer, _ in answer.at_END})
    return [[head for head in answer.at_END if head[0] == layer] for layer in layers]


def _groups(answer) -> list[list[tuple[int, int]]]:
    """The claim's heads at END: each layer alone, and all from a layer on.

    A backup can stand in for one that the claim has left out, as long as only one layer is silent.
    """
    alone = _layers(answer)
    return alone + [[head for each in alone[first:] for head in each] for first in range(len(alone) - 1)]


def _difference(logits, prompts) -> float:
    row = torch.arange(len(prompts))
    last = logits[row, prompts.END]
    return (last[row, prompts.receiver] - last[row, prompts.giver]).mean().item()


def _alone(case: tuple, answer, silent=(), without=None) -> float:
    """The logit difference of the claim, or of the claim without one head at the places of one field."""
    prompts, others = case
    parts = [
        (*head, getattr(prompts, place))
        for where, head in _named(answer)
        if (where, head) != without
        for place in _PLACES[where]
    ]
    return _difference(
        lab.run_circuit(lab.load(MODEL), prompts.tokens, others, parts, silent=silent), prompts
    )


def _whole(case: tuple, silent=()) -> float:
    prompts, others = case
    model = lab.load(MODEL)
    every = [(layer, head) for layer in range(model.cfg.n_layers) for head in range(model.cfg.n_heads)]
    return _difference(lab.run_circuit(model, prompts.tokens, others, every, silent=silent), prompts)


def _nothing(case: tuple) -> float:
    return _difference(lab.run_circuit(lab.load(MODEL), case[0].tokens, case[1], []), case[0])


def _share(case: tuple, answer) -> float:
    """Faithfulness: 0 for a circuit of nothing, 1 for the whole model."""
    nothing = _nothing(case)
    return (_alone(case, answer) - nothing) / (_whole(case) - nothing)


def mistake_no_understudy__at_END():
    """Faithful, and every head in it is needed. But ask what the model does when its name movers are silent:
    one head of the last layer has been waiting for that. A circuit that leaves it out foretells a failure
    that does not happen."""
    return [(1, 2), (1, 6), (2, 0), (2, 3), (2, 7)]


def mistake_name_movers_alone__at_END():
    """The name movers say the name, but how do they know which? Heads of the layer below them tell, at END
    too, who was named twice. Without those they read both names alike."""
    return [(2, 0), (2, 3), (2, 7), (3, 4)]


def mistake_one_name_mover__at_END():
    """One of three name movers says a third of it. Look for others in the same layer that do the same."""
    return [(1, 2), (1, 6), (2, 0), (3, 4)]


def mistake_two_name_movers__at_END():
    """Two name movers and the backup do the job between them. But silence all of those, and the model still
    finds the right name: in layer 2 there is a third that does the same."""
    return [(1, 2), (1, 6), (2, 0), (2, 3), (3, 4)]


def mistake_two_other_movers__at_END():
    """Two name movers and the backup do the job between them. But silence all of those, and the model still
    finds the right name: in layer 2 there is a third that does the same."""
    return [(1, 2), (1, 6), (2, 3), (2, 7), (3, 4)]


def mistake_one_too_many__at_END():
    """Head 3.6 adds a little to nearly everything. A little is not a part of the circuit."""
    return [(1, 2), (1, 6), (2, 0), (2, 3), (2, 7), (3, 4), (3, 6)]


def mistake_the_whole_layer__at_END():
    """Whole layers are no claim. Try each head of them alone: most of them do nothing here."""
    return [(1, 2), (1, 6), *((2, head) for head in range(8)), (3, 4)]


def mistake_at_the_wrong_name__at_S2():
    """At S2 somebody has to notice that this name was said before. Which head looks back from there to S1?"""
    return [(0, 0)]


def mistake_the_carriers__at_S2():
    """Those heads read *from* S2, but they stand at END: a place is where a head writes, not where it
    looks."""
    return [(1, 2), (1, 6)]


def mistake_previous_token__at_first():
    """The name movers read what stands at the first name. Somebody of layer 0 has put it there in a form
    that they can read; try the heads of layer 0 one by one."""
    return [(0, 2)]
