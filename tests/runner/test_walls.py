"""The walls hold as root, as an ordinary user, and where the kernel refuses namespaces.

Each cell here tries something; where it succeeds it prints GOT, and what.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.runner.conftest import Seen
from tests.runner.starting import Started
from tests.runner.starting import runner as start_runner
from workers.runner.client import ChildEnded, RunnerClient, status
from workers.runner.confine.sight import ROOT
from workers.runner.limits import Limits

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the sandbox is Linux's")

ORDINARY = {"namespaces", "landlock", "seccomp", "limits"}
CIRCUMSTANCES = {
    "as we are": ({}, set()),
    "namespaces refused": ({"refused": True}, {"landlock", "seccomp", "limits"}),
    "as nobody": ({"as_nobody": True}, ORDINARY),
    "as nobody, namespaces refused": ({"as_nobody": True, "refused": True}, ORDINARY - {"namespaces"}),
}


@pytest.fixture(scope="module", params=CIRCUMSTANCES)
def place(request: pytest.FixtureRequest) -> Iterator[tuple[Started, set[str]]]:
    options, layers = CIRCUMSTANCES[request.param]
    if options.get("as_nobody") and os.getuid() != 0:
        pytest.skip("only root can become nobody")
    if not options:
        yield request.getfixturevalue("runner"), set()
        return
    with start_runner(pool=1, **options) as started:
        yield started, layers


Try = Callable[[str], Seen]


@pytest.fixture
def attempt(place: tuple[Started, set[str]]) -> Try:
    def run(source: str) -> Seen:
        seen = Seen()
        try:
            with RunnerClient(place[0].socket, Limits(wall=10, memory=1 << 30), 1) as child:
                for event in child.cell("one", source):
                    seen.take(event)
        except ChildEnded as end:
            seen.ended = end.reason
        return seen

    return run


def test_the_status_names_the_walls_that_stand(place: tuple[Started, set[str]]) -> None:
    started, expected = place
    found = status(started.socket)
    assert expected <= set(found["layers"])
    assert "seccomp" in found["layers"]
    assert {"namespaces", "landlock"} & set(found["layers"])
    assert found["python"] == sys.version.split()[0]
    for wall in {"namespaces", "landlock", "seccomp"} - set(found["layers"]):
        assert found["missing"][wall].endswith(".")


READ = "print('GOT', open({!r}).read()[:50])"
ATTACKS = {
    "the references": READ.format(f"{ROOT}/app/course/path.toml"),
    "the app": "import app.config\nprint('GOT', app.config)",
    "the examiner": "import workers.examiner\nprint('GOT')",
    "the tests": READ.format(__file__),
    "shadow": READ.format("/etc/shadow"),
    "hosts": READ.format("/etc/hostname"),
    "the environment of others": "import glob\nfor name in glob.glob('/proc/[0-9]*/environ'):\n"
    "    try: text = open(name).read()\n    except OSError: continue\n"
    "    if 'canary' in text: print('GOT', text)",
    "its own environment": "import os\nif 'canary' in str(os.environ): print('GOT')",
    "other processes": "import os\nnumbers = {n for n in os.listdir('/proc') if n.isdigit()}\n"
    "others = numbers - {str(os.getpid())}\n"
    "if others: print('GOT', others)",
    "a connection": "import socket\nsocket.create_connection(('127.0.0.1', PORT), 2)\nprint('GOT')",
    "a datagram": "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\nprint('GOT')",
    "a unix socket": "import socket\ns = socket.socket(socket.AF_UNIX)\ns.connect('SOCKET')\nprint('GOT')",
    "a pair of datagram sockets": "import socket\nsocket.socketpair(type=socket.SOCK_DGRAM)\nprint('GOT')",
    "another process": "import os\nif os.fork() == 0: os._exit(0)\nprint('GOT')",
    "a program": "import subprocess\nprint('GOT', subprocess.check_output(['/bin/sh', '-c', 'id']))",
    "exec": "import os, sys\nos.execv('/bin/sh', ['sh', '-c', 'echo GOT'])",
    "its parent's life": "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nprint('GOT')",
    "everybody's life": "import os, signal\nos.kill(-1, signal.SIGKILL)\nprint('GOT')",
    "a stranger's life": "import os\nos.kill(VICTIM, 0)\nprint('GOT')",
    "root": "import os\nos.setuid(0)\nprint('GOT')",
    "a mount": "import ctypes\nif ctypes.CDLL(None).mount(b't', b'/', b'tmpfs', 0, None) == 0: print('GOT')",
    "a namespace": "import ctypes\nif ctypes.CDLL(None).unshare(0x10000000) == 0: print('GOT')",
    "ptrace": "import ctypes, os\nif ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0) == 0: print('GOT')",
    "io_uring": "import ctypes\nif ctypes.CDLL(None).syscall(425, 8, bytes(200)) >= 0: print('GOT')",
    "keys": "import ctypes\nif ctypes.CDLL(None).syscall(250, 0, -3, 0) > 0: print('GOT')",
    "hidden memory": "import os\nos.memfd_create('x')\nprint('GOT')",
    "the package folder": f"open({str(ROOT / 'workers' / 'lab' / 'x.py')!r}, 'w')\nprint('GOT')",
    "the libraries": "import torch\nopen(torch.__file__, 'a')\nprint('GOT')",
    "the weights": f"open({str(ROOT / 'workers/lab/models/shipped/attn-only-2l.safetensors')!r}, 'r+b')\n"
    "print('GOT')",
    "a device": "open('/dev/kmsg')\nprint('GOT')",
    "more memory": "import resource\nresource.setrlimit(resource.RLIMIT_AS, (-1, -1))\nprint('GOT')",
    "a file outside": "import os\nfor where in ('/tmp', '/var/tmp', '/', '/dev/shm'):\n"
    "    try: open(f'{where}/GOT-unembed', 'w')\n    except OSError: continue\n"
    "    if os.path.realpath(where) != os.path.realpath(os.getcwd()): print('GOT', where)",
    "a descriptor of ours": "import os\nfor n in range(3, 200):\n"
    "    try: where = os.readlink(f'/proc/self/fd/{n}')\n    except OSError: continue\n"
    "    if n != 3 and not where.startswith(('/proc', 'anon', '/usr', '/dev/null')): print('GOT', n, where)",
}


@pytest.mark.parametrize("wanted", ATTACKS)
def test_a_cell_does_not_get(attempt: Try, place: tuple[Started, set[str]], wanted: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        source = ATTACKS[wanted].replace("PORT", str(listening.getsockname()[1]))
        source = source.replace("SOCKET", str(place[0].socket)).replace("VICTIM", str(os.getpid()))
        seen = attempt(source)
    assert "GOT" not in seen.text
    assert attempt("6 * 7").result == "42"


def test_the_root_of_a_run_holds_no_more_than_it_needs(place: tuple[Started, set[str]], attempt: Try) -> None:
    if "namespaces" not in status(place[0].socket)["layers"]:
        pytest.skip("without namespaces a run may know names, but not read")
    source = (
        "import os\n"
        f"for folder in ('/', '/etc', '/dev', '/usr', {str(ROOT)!r}, {str(ROOT / 'workers')!r}):\n"
        "    print(*sorted(os.listdir(folder)))"
    )
    top, etc, dev, usr, repository, workers = attempt(source).text.splitlines()
    ours = {Path(path).parts[1] for path in (str(ROOT), sys.base_prefix, sys.prefix)}
    needed = {"cell", "dev", "etc", "lib", "lib64", "proc", "sys", "tmp", "usr"}
    assert set(top.split()) <= needed | ours
    assert set(etc.split()) <= {"ld.so.cache", "localtime"}
    assert set(dev.split()) == {"null", "zero", "full", "random", "urandom"}
    assert set(usr.split()) <= {"lib", "lib64", "share", "local"}
    assert set(repository.split()) <= {"workers", Path(sys.prefix).name, ".unembed"}
    packages = ["lab", "runner", "training"]  # of the last one only how the texts of the models are written
    assert set(workers.split()) == {
        *("__init__.py", "digits.py", "rehearsal.py", "values.py", "wire.py"),
        *packages,
    }


def test_a_run_writes_only_into_its_own_folder_and_that_is_gone_afterwards(attempt: Try) -> None:
    where = attempt("import os\nopen('mine', 'w').write('x');\nprint(os.path.realpath('.'))").text.strip()
    assert "mine" not in attempt("import os\nprint(os.listdir('.'))").text
    assert not Path(where, "mine").exists()


def test_a_neighbour_runs_on_while_a_cell_does_its_worst(
    attempt: Try, place: tuple[Started, set[str]]
) -> None:
    worst = "import threading\nx = []\nwhile True:\n    x.append(bytes(1 << 22))\n    print('x' * 1000)"
    attacker = threading.Thread(target=attempt, args=(worst,))
    attacker.start()
    assert attempt("sum(range(10))").result == "45"
    attacker.join()
    assert status(place[0].socket)["layers"]


HARMLESS = (
    "the references",
    "the app",
    "hosts",
    "a connection",
    "a datagram",
    "another process",
    "a program",
)


@pytest.mark.slow
def test_without_walls_the_same_cells_succeed() -> None:
    """So that the tests above fail for the right reason."""
    with start_runner("--sandbox", "off", pool=1) as started:
        for wanted in HARMLESS:
            with (
                socket.create_server(("127.0.0.1", 0)) as listening,
                RunnerClient(started.socket, Limits(wall=20), 1) as child,
            ):
                source = ATTACKS[wanted].replace("PORT", str(listening.getsockname()[1]))
                text = "".join(event.get("text", "") for event in child.cell("one", source))
            assert "GOT" in text, wanted
        assert status(started.socket)["layers"] == []
        assert "switched off" in status(started.socket)["missing"]["sandbox"]
