"""Code pasted from older notebooks works, or says in one sentence what to write instead."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.runner.conftest import Seen
from workers.runner.client import RunnerClient

Run = Callable[..., Seen]
CV = "import circuitsvis as cv, torch\np = torch.eye(2)[None]\n"
COLAB = "try:\n    import google.colab\n    %pip install x\nexcept ImportError:\n    pass"
FANCY = "from fancy_einsum import einsum\nimport torch\n"
PX = "import plotly.express as px\n"


@pytest.mark.parametrize(
    ("source", "kinds"),
    [
        ("%load_ext autoreload\n%autoreload 2\n%matplotlib inline\n1", ["result"]),
        ("if True:\n    %load_ext autoreload\n1", ["result"]),
        ("%%time\n1", ["result"]),
        ("%time 6 * 7", ["result"]),
        ("!pip install einops\n1", ["notice", "result"]),
        ("%pip install -q transformer_lens\n1", ["notice", "result"]),
        ("pip install circuitsvis\n1", ["notice", "result"]),
        ("!python -m pip install x\n1", ["notice", "result"]),
        (
            "try:\n    import google.colab\n    %pip install x\nexcept ImportError:\n    pass\n1",
            ["notice", "result"],
        ),
        (f"{PX}px.line(y=[1, 2]).show()", ["figure"]),
        (f"{PX}px.imshow([[1, 2]]).show('browser')", ["figure"]),
        (f"{PX}import plotly.io as pio\npio.renderers.default = 'colab'\npx.line(y=[1]).show()", ["figure"]),
        (f"{PX}import plotly.io as pio\npio.show(px.line(y=[1]))", ["figure"]),
        (f"{PX}display(px.line(y=[1]), 3)", ["figure", "result"]),
        ("from IPython.display import display, HTML\ndisplay(HTML('<b>x</b>'))", ["result"]),
        (
            "from IPython import get_ipython\nip = get_ipython()\nif ip is not None: ip.magic('x')\n1",
            ["result"],
        ),
        ("import IPython\nIPython.display.clear_output(wait=True)\n1", ["result"]),
        ("import matplotlib.pyplot as plt\nplt.plot([1])\nplt.show()", ["image"]),
        (f"{CV}cv.attention.attention_patterns(tokens=['a', 'b'], attention=p)", ["attention"]),
        (f"{CV}cv.attention.attention_heads(p, ['a', 'b'], attention_head_names=['L0H0'])", ["attention"]),
        (f"{CV}cv.attention.attention_pattern(['a', 'b'], p[0])", ["attention"]),
        (f"{CV}display(cv.attention.attention_patterns(tokens=['a', 'b'], attention=p))", ["attention"]),
        (f"{CV}cv.tokens.colored_tokens(['a', 'b'], torch.randn(2))", ["tokens"]),
        (f"{CV}cv.activations.text_neuron_activations(['a', 'b'], torch.randn(2, 3, 4))", ["tokens"]),
        (f"{CV}cv.logits.token_log_probs(torch.tensor([0, 1]), torch.randn(2, 3), str)", ["tokens"]),
        ("from circuitsvis.attention import attention_patterns\nattention_patterns.__name__", ["result"]),
        ("import torch\ntorch.set_grad_enabled(False)\n1", ["result"]),
        ("from tqdm.notebook import tqdm\nlist(tqdm(range(3)))", ["result"]),
        ("from tqdm.auto import tqdm\nlist(tqdm(range(3)))", ["result"]),
        (
            FANCY + "einsum('a b, b -> a', torch.eye(2), torch.ones(2))",
            ["result"],
        ),
        ("from transformer_lens import utilities as utils\nutils.get_act_name('pattern', 0)", ["result"]),
        ("x = (7\n  % 4)\nx", ["result"]),
        ("text = '''\n%pip is\n!a word\n'''\ntext", ["result"]),
    ],
    ids=lambda value: str(value)[-50:],
)
def test_it_works(run: Run, source: str, kinds: list[str]) -> None:
    seen = run(source)
    assert seen.error is None
    assert [output["kind"] for output in seen.outputs] == kinds


@pytest.mark.parametrize(
    ("source", "line", "sentence"),
    [
        ("x = 1\n!ls", 2, "a cell starts no other programs"),
        ("x = 1\n%timeit x + 1", 2, "timeit.timeit(lambda"),
        ("%%bash\nls -l", 1, "a cell here holds Python"),
        ("x = [1]\nx?", 2, "write `help(x)`"),
        ("%cd /tmp", 1, "leave it out"),
        ("from transformer_lens import HookedTransformer, utils", 1, 'model = lab.load("attn-only-2l")'),
        ("from transformer_lens import utils", 1, "import utilities as utils"),
        ("import transformer_lens.utils as utils", 1, "import utilities as utils"),
        ("\nfrom transformer_lens import HookedTransformerConfig", 2, "TransformerBridgeConfig"),
        ("import transformer_lens\ntransformer_lens.HookedTransformer", 2, "has no HookedTransformer"),
        ("from easy_transformer import EasyTransformer", 1, "oldest name"),
        ("from google.colab import drive", 1, "not Colab"),
        ("import nnsight", 1, "no module nnsight here, and a cell can install nothing"),
        (f"{CV}cv.topk_samples.topk_samples([], p)", 3, "Write `lab.samples(texts, activations)`"),
        (f"{CV}cv.topk_tokens.topk_tokens([], p)", 3, "Write `lab.top_tokens("),
        ("x = 1\n%load_ext autoreload\ny = 1 / 0", 3, "division by zero"),
        ("%matplotlib inline\ny = = 2", 2, "invalid syntax"),
    ],
    ids=lambda value: str(value)[-50:],
)
def test_it_says_what_to_write(run: Run, source: str, line: int, sentence: str) -> None:
    error = run(source).error
    assert error is not None
    assert sentence in error["message"]
    assert error["line"] == line


def test_a_hand_in_with_lines_of_jupyter_is_still_a_function(
    open_child: Callable[..., RunnerClient],
) -> None:
    source = "%load_ext autoreload\n!pip install einops\n\ndef double(x):\n    return 2 * x"
    with open_child() as child:
        assert list(child.cell("answer", source))[-1]["error"] is None
        header, _ = child.call("double", {"args": [4]})
    assert header["value"] == 8
