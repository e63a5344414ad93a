"""The bundle is served compressed, and browsers may keep it for ever."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.assets import Assets, asset, manifest
from app.config import settings

SCRIPT = b"console.log('hello');" * 50


@pytest.fixture
def bundle() -> Path:
    """A small bundle, as a build leaves it."""
    folder = settings().data_dir / "assets"
    folder.mkdir(parents=True)
    (folder / "app-ABC123.js").write_bytes(SCRIPT)
    (folder / "app-ABC123.js.gz").write_bytes(gzip.compress(SCRIPT))
    (folder / "font-XYZ.woff2").write_bytes(b"wOF2")
    outputs = {
        "out/app-ABC123.js": {"entryPoint": "src/app.js", "inputs": {"src/app.js": {}, "src/page.js": {}}},
        "out/font-XYZ.woff2": {"inputs": {"node_modules/a/font.woff2": {}}},
        "out/chunk-1.js": {"inputs": {"src/a.js": {}, "src/b.js": {}}},
    }
    (folder / "meta.json").write_text(json.dumps({"outputs": outputs}))
    return folder


@pytest.fixture
def client(bundle: Path) -> TestClient:
    site = FastAPI()
    site.mount("/assets", Assets(directory=bundle))
    return TestClient(site)


def test_pages_name_a_file_by_its_source(bundle: Path) -> None:
    assert manifest() == {"app.js": "app-ABC123.js", "font.woff2": "font-XYZ.woff2"}
    assert asset("app.js") == "/assets/app-ABC123.js"


def test_a_new_build_is_noticed(bundle: Path) -> None:
    assert asset("app.css") == "/assets/app.css"  # not built: the page still comes, without style
    (bundle / "meta.json").write_text(
        json.dumps({"outputs": {"out/app-2.css": {"entryPoint": "src/app.css"}}})
    )
    assert asset("app.css") == "/assets/app-2.css"


def test_who_takes_gzip_gets_it_with_the_right_type(client: TestClient) -> None:
    answer = client.get("/assets/app-ABC123.js", headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.content == SCRIPT
    plain = client.get("/assets/app-ABC123.js", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == SCRIPT


def test_browsers_keep_it_for_ever(client: TestClient) -> None:
    for name in ("app-ABC123.js", "font-XYZ.woff2"):
        headers = client.get(f"/assets/{name}").headers
        assert "immutable" in headers["cache-control"]
        assert "max-age=31536000" in headers["cache-control"]


@pytest.mark.parametrize("name", ["meta.json", "made-of", "nothing.js", "../unembed.db", "%2e%2e/unembed.db"])
def test_nothing_else_is_served(client: TestClient, name: str) -> None:
    (settings().data_dir / "unembed.db").write_text("secret")
    assert client.get(f"/assets/{name}").status_code == 404
