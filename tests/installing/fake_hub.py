"""A hub of our own: what its library asks of the real one, answered from a folder; it remembers who asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.installing.tiny import REVISION

TEMPTING = {"pytorch_model.bin": 7, "modeling_tiny.py": 7, "onnx/model.safetensors": 7}  # listed, not wanted


class Hub(ThreadingHTTPServer):
    """One model, whose files are in `folder`; `asked` are the paths of all requests."""

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.name, self.folder = name, folder
        self.asked: list[str] = []

    @property
    def environment(self) -> dict[str, str]:
        """Of a process that is to ask this one."""
        address = f"http://127.0.0.1:{self.server_port}"
        return {"HF_HUB_OFFLINE": "", "HF_ENDPOINT": address, "no_proxy": "*", "NO_PROXY": "*"}

    def describe(self) -> dict[str, Any]:
        sizes = {path.name: path.stat().st_size for path in self.folder.iterdir()} | TEMPTING
        files = [{"rfilename": name, "size": size} for name, size in sizes.items()]
        config = json.loads((self.folder / "config.json").read_text())
        about = {"id": self.name, "sha": REVISION, "tags": [], "downloads": 0, "private": False}
        return {**about, "siblings": files, "config": config, "cardData": {"license": "mit"}}

    def tree(self) -> list[dict[str, Any]]:
        listed = self.describe()["siblings"]
        return [{"type": "file", "oid": "0" * 40, "path": f["rfilename"], "size": f["size"]} for f in listed]


@contextmanager
def serve(name: str, folder: Path) -> Iterator[Hub]:
    with Hub(name, folder) as hub:
        serving = threading.Thread(target=hub.serve_forever, daemon=True)
        serving.start()
        yield hub
        hub.shutdown()
        serving.join()


class _Handler(BaseHTTPRequestHandler):
    server: Hub

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        self.server.asked.append(self.path)
        content = self._content()
        self.send_response(200 if content is not None else 404)
        self.send_header("content-length", str(len(content or b"")))
        self.send_header("etag", f'"{abs(hash(self.path))}"')
        self.send_header("x-repo-commit", REVISION)
        self.end_headers()
        if body and content:
            self.wfile.write(content)

    def _content(self) -> bytes | None:
        path, hub = self.path.split("?")[0], self.server
        if path == f"/api/models/{hub.name}":
            return json.dumps(hub.describe()).encode()
        if path.startswith(f"/api/models/{hub.name}/tree/"):
            return json.dumps(hub.tree()).encode()
        file = hub.folder / path.rpartition("/")[2]
        found = path.startswith(f"/{hub.name}/resolve/{REVISION}/") and file.is_file()
        return file.read_bytes() if found else b"" if path == "/" else None

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""
