"""The prompts that `lab.indirect_objects` gives, and where everything in them stands."""

import pytest
import torch

from workers import lab
from workers.training.giving import FRAMES, NEW_FRAMES, is_held_out


def words(tokens: torch.Tensor) -> list[str]:
    return [lab.load("indirect-objects").to_string(token[None]).strip() for token in tokens]


@pytest.mark.parametrize("frame", [None, *range(len(FRAMES))])
def test_every_place_holds_what_its_name_says(frame):
    prompts = lab.indirect_objects(8, 5, frame=frame)
    for i, (receiver, giver) in enumerate(prompts.names):
        named = words(prompts.tokens[i])
        assert named[prompts.IO[i]] == receiver
        assert named[prompts.S1[i]] == named[prompts.S2[i]] == giver
        assert named[prompts.END[i]] == "to"
        assert prompts.S1[i] < prompts.S2[i] < prompts.END[i]
        assert named.count(receiver) == 1
        assert named.count(giver) == 2
        assert words(torch.stack([prompts.receiver[i], prompts.giver[i]])) == [receiver, giver]
        assert prompts.text[i] == lab.load("indirect-objects").to_string(
            prompts.tokens[i, 1 : prompts.END[i] + 1]
        )


def test_prompts_of_one_frame_are_equally_long_and_fill_the_tensor():
    for new, frames in ((False, FRAMES), (True, NEW_FRAMES)):
        for frame in range(len(frames)):
            prompts = lab.indirect_objects(16, 9, frame=frame, new_frames=new)
            assert (prompts.tokens.shape[1] - 1 == prompts.END).all()
            assert len({tuple(row) for row in torch.stack([prompts.S2, prompts.END], 1).tolist()}) == 1


def test_both_orders_of_the_names_come():
    prompts = lab.indirect_objects(64)
    assert 0.25 < (prompts.IO < prompts.S1).float().mean() < 0.75


def test_the_pairs_never_met_in_training():
    assert all(is_held_out(*pair) for pair in lab.indirect_objects(64, frame=None).names)


def test_a_seed_always_gives_the_same_prompts():
    assert lab.indirect_objects(9, 4).text == lab.indirect_objects(9, 4).text
    assert lab.indirect_objects(9, 4).text != lab.indirect_objects(9, 5).text


def test_swapped_exchanges_the_two_everywhere():
    prompts = lab.indirect_objects(16, 2, frame=None)
    back = prompts.tokens.clone()
    one, other = prompts.receiver[:, None], prompts.giver[:, None]
    expected = torch.where(back == one, other, torch.where(back == other, one, back))
    assert torch.equal(prompts.spoilt("swapped"), expected)


def test_other_changes_the_second_mention_alone():
    prompts, row = lab.indirect_objects(16, 2, frame=None), torch.arange(16)
    spoilt = prompts.spoilt("other")
    assert torch.equal(spoilt[row, prompts.S2], prompts.receiver)
    assert (spoilt != prompts.tokens).sum(1).tolist() == [1] * 16


def test_three_puts_a_stranger_at_the_second_mention_and_a_seed_decides_whom():
    prompts, row = lab.indirect_objects(16, 2, frame=None), torch.arange(16)
    spoilt = prompts.spoilt("three")
    assert (spoilt != prompts.tokens).sum(1).tolist() == [1] * 16
    for i in range(16):
        assert (spoilt[i] == spoilt[row, prompts.S2][i]).sum() == 1
    assert torch.equal(spoilt, prompts.spoilt("three"))
    assert not torch.equal(spoilt, prompts.spoilt("three", seed=1))


def test_what_cannot_be_meant_is_answered_with_a_sentence():
    with pytest.raises(ValueError, match="numbered from 0"):
        lab.indirect_objects(3, frame=99)
    with pytest.raises(ValueError, match="ask for one at least"):
        lab.indirect_objects(0)
    with pytest.raises(ValueError, match="three"):
        lab.indirect_objects(3).spoilt("names")
