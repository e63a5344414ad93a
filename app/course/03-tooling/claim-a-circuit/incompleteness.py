"""What the circuit leaves out

A circuit may do the whole job and still not be the whole story: the model may have a second way, which it
does not need today. To find it, silence a group of heads in *both*, in the whole model and in the circuit. If
the circuit is complete, both suffer alike. If the model shrugs and the circuit collapses, there is a part
that you have not named.

For each group $K$ of heads, compute how far the two are apart, in nats of logit difference:
$|F(C \\setminus K) - F(M \\setminus K)|$."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from workers import lab

HINTS = [
    "Everything is there already: `circuit_difference` takes the places that are kept, and who is silent. "
    "The whole model is the circuit that keeps every place.",
    "Two calls for each group, with the same `silent`: one with `kept`, one with a mask that is True "
    "everywhere.",
    "`whole = torch.ones_like(kept)`, and for each group the absolute difference of `circuit_difference(…, "
    "kept, …, group)` and `circuit_difference(…, whole, …, group)`.",
]
USES = ["circuit_difference"]
MINUTES = 10
CONCEPTS = ["claimed-a-circuit"]
DETERMINISTIC = True
PURPOSE = """Faithfulness alone rewards whoever names the loudest heads. This is the second test, after Wang
et al. (2022), and the one that finds understudies: a backup is invisible until the one it stands in for is
gone."""
DIFFICULTY = 2
IMPORTANCE = 5
SHAPES = ["whole: layer batch pos head"]
WHY = """The comparison is with $M \\setminus K$, not with $M$: nobody expects a circuit to work without its
name movers. The question is whether it fails *as the model fails*. Which groups to try is an art. All subsets
are too many, so one tries the parts that look alike, a class of heads at a time, and random ones."""


def incompleteness(
    model,
    tokens: Int[Tensor, "batch pos"],
    others: Int[Tensor, "other pos"],
    kept: Bool[Tensor, "layer batch pos head"],
    right: Int[Tensor, "batch"],
    wrong: Int[Tensor, "batch"],
    end: Int[Tensor, "batch"],
    groups: list[list[tuple[int, int]]],
) -> Float[Tensor, "group"]:
    """For each group of (layer, head): how far apart circuit and model are when it is silent in both, in
    nats.

    >>> tokens, kept = torch.arange(12).view(2, 6), torch.ones(2, 2, 6, 8, dtype=torch.bool)
    >>> model, end = lab.load("attn-only-2l"), torch.tensor([5, 5])
    >>> right, wrong, groups = torch.tensor([5, 6]), torch.tensor([7, 8]), [[(0, 0)], [(1, 3), (1, 5)]]
    >>> incompleteness(model, tokens, tokens, kept, right, wrong, end, groups)
    tensor([0., 0.])
    """
    whole, found = torch.ones_like(kept), []
    for group in groups:
        of_circuit = circuit_difference(model, tokens, others, kept, right, wrong, end, group)
        of_model = circuit_difference(model, tokens, others, whole, right, wrong, end, group)
        found.append(abs(of_circuit - of_model))
    return torch.tensor(found)


def check_random_circuits(answer):
    """Random circuits of two models, and groups of one, two and three heads."""
    for name, batch, length in (("attn-only-2l", 2, 9), ("indirect-objects", 3, 8)):
        case = _case(lab.load(name), batch, length)
        lab.same(answer.incompleteness(*case), incompleteness(*case), tol=2e-2, name="the incompleteness")


def check_a_whole_model_is_complete(answer):
    """The circuit that names everything leaves nothing out."""
    model, tokens, others, kept, *rest = _case(lab.load("indirect-objects"), 3, 9)
    got = answer.incompleteness(model, tokens, others, torch.ones_like(kept), *rest)
    lab.same(got, torch.zeros(len(rest[-1])), tol=1e-3, name="the incompleteness of the whole model")


def check_empty_group(answer):
    """An empty group silences nobody: what is left is how far the circuit is from the model."""
    *case, _ = _case(lab.load("attn-only-2l"), 3, 7)
    groups = [[], [(0, int(torch.randint(8, ())))]]
    got, want = answer.incompleteness(*case, groups), incompleteness(*case, groups)
    lab.same(got, want, tol=2e-2, name="the incompleteness")


def _case(model, batch: int, length: int) -> tuple:
    tokens = torch.randint(1, 1024, (batch, length))
    others = torch.randint(1, 1024, (batch + 2, length))
    kept = torch.rand(model.cfg.n_layers, batch, length, model.cfg.n_heads) < 0.5
    heads = [(layer, head) for layer in range(model.cfg.n_layers) for head in range(model.cfg.n_heads)]
    order = torch.randperm(len(heads)).tolist()
    groups = [[heads[i] for i in order[start : start + size]] for start, size in ((0, 1), (1, 2), (3, 3))]
    right, wrong = torch.randint(1, 512, (batch,)), torch.randint(512, 1024, (batch,))
    return model, tokens, others, kept, right, wrong, torch.randint(length // 2, length, (batch,)), groups


def mistake_against_the_whole_model__incompleteness(model, tokens, others, kept, right, wrong, end, groups):
    """You compare with the whole model. The same heads have to be silent in it: asked is whether both suffer
    *alike*."""
    case, whole = (right, wrong, end), torch.ones_like(kept)
    unhurt = circuit_difference(model, tokens, others, whole, *case, [])
    found = [abs(circuit_difference(model, tokens, others, kept, *case, group) - unhurt) for group in groups]
    return torch.tensor(found)


def mistake_only_the_model__incompleteness(model, tokens, others, kept, right, wrong, end, groups):
    """The group is silent in the model alone. Silence it in the circuit, too."""
    case, whole = (right, wrong, end), torch.ones_like(kept)
    unhurt = circuit_difference(model, tokens, others, kept, *case, [])
    found = [abs(circuit_difference(model, tokens, others, whole, *case, group) - unhurt) for group in groups]
    return torch.tensor(found)


def mistake_signed__incompleteness(model, tokens, others, kept, right, wrong, end, groups):
    """How far apart is a distance: it has no sign. Otherwise a circuit that is too good for one group makes
    up for one that is too bad for another."""
    case, whole = (right, wrong, end), torch.ones_like(kept)
    return torch.tensor(
        [
            circuit_difference(model, tokens, others, kept, *case, group)
            - circuit_difference(model, tokens, others, whole, *case, group)
            for group in groups
        ]
    )


def mistake_all_at_once__incompleteness(model, tokens, others, kept, right, wrong, end, groups):
    """Your groups pile up: each begins afresh, with all others speaking again."""
    so_far, piled = [], []
    for group in groups:
        so_far = [*so_far, *group]
        piled.append(so_far)
    return incompleteness(model, tokens, others, kept, right, wrong, end, piled)


def mistake_struck_not_silent__incompleteness(model, tokens, others, kept, right, wrong, end, groups):
    """You strike the group from the masks, so that its heads still say what they say on average. They are to
    be silent: a backup waits for silence."""
    found = []
    for group in groups:
        mine, whole = kept.clone(), torch.ones_like(kept)
        for layer, head in group:
            mine[layer, :, :, head] = whole[layer, :, :, head] = False
        one = circuit_difference(model, tokens, others, mine, right, wrong, end, [])
        found.append(abs(one - circuit_difference(model, tokens, others, whole, right, wrong, end, [])))
    return torch.tensor(found)


def mistake_the_worst__incompleteness(model, tokens, others, kept, right, wrong, end, groups):
    """You return the worst of them for all. Give one number for each group."""
    found = incompleteness(model, tokens, others, kept, right, wrong, end, groups)
    return found.max().expand(len(groups)).clone()


def mistake_nothing_kept__incompleteness(model, tokens, others, kept, right, wrong, end, groups):
    """You compare the circuit with the model in which *nothing* is kept. The whole model keeps every
    place."""
    case, nothing = (right, wrong, end), torch.zeros_like(kept)
    return torch.tensor(
        [
            abs(
                circuit_difference(model, tokens, others, kept, *case, group)
                - circuit_difference(model, tokens, others, nothing, *case, group)
            )
            for group in groups
        ]
    )


def also_right_comprehension__incompleteness(model, tokens, others, kept, right, wrong, end, groups):
    def difference(places, silent):
        return circuit_difference(model, tokens, others, places, right, wrong, end, silent)

    everywhere = torch.full(kept.shape, True)
    pairs = [(difference(kept, group), difference(everywhere, group)) for group in groups]
    return torch.tensor([max(one, other) - min(one, other) for one, other in pairs])


def also_right_table__incompleteness(model, tokens, others, kept, right, wrong, end, groups):
    answers = torch.empty(2, len(groups))
    for which, places in enumerate((kept, kept | True)):
        for number, group in enumerate(groups):
            case = (right, wrong, end, list(group))
            answers[which, number] = circuit_difference(model, tokens, others, places, *case)
    return (answers[0] - answers[1]).abs()
