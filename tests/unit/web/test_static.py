"""Static files: only what is listed, with the right type, kept for a year by version."""

from __future__ import annotations

import asyncio
import gzip
import os
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from kiosk import paths
from kiosk.web.static import StaticFiles
from kiosk.web.worker import FONT
from tests.unit.web.composing import site


async def test_files_come_with_type_and_version(tmp_path: Path) -> None:
    async with site(tmp_path) as running:
        files = await asyncio.to_thread(StaticFiles, paths.STATIC)
        address = files.url("operator/operator.js")
        status, text, headers = await running.get(address)
        assert status == 200
        assert "operator" in text
        assert headers["Content-Type"] == "text/javascript; charset=utf-8"
        assert "immutable" in headers["Cache-Control"]
        plain, _, again = await running.get("/static/operator/operator.js")
        assert (plain, again["Cache-Control"]) == (200, "no-cache")
        etag = again["ETag"]
        assert (await running.get(address, **{"If-None-Match": etag}))[0] == 304
        async with running.client.head(running.address + address) as answer:
            assert answer.status == 200


async def test_text_is_sent_packed_to_whoever_takes_it(tmp_path: Path) -> None:
    script = await asyncio.to_thread((paths.STATIC / "kiosk/visit.js").read_bytes)
    async with (
        site(tmp_path) as running,
        aiohttp.ClientSession(auto_decompress=False) as client,
    ):
        address = f"{running.address}/static/kiosk/visit.js"
        packs = {"Accept-Encoding": "gzip"}
        async with client.get(address, headers=packs) as answer:
            packed = await answer.read()
            tag = answer.headers["ETag"]
            assert answer.headers["Content-Encoding"] == "gzip"
            assert answer.headers["Vary"] == "Accept-Encoding"
            assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
        assert gzip.decompress(packed) == script
        assert len(packed) < len(script) / 2
        async with client.get(address, headers={**packs, "If-None-Match": tag}) as answer:
            assert (answer.status, await answer.read()) == (304, b"")
        async with client.head(address, headers=packs) as answer:
            assert (answer.status, answer.headers["Content-Encoding"]) == (200, "gzip")
        for headers in ({"Accept-Encoding": "identity"}, {**packs, "Range": "bytes=0-"}):
            async with client.get(address, headers=headers) as answer:
                assert "Content-Encoding" not in answer.headers
                assert await answer.read() == script
                assert answer.headers["ETag"] != tag
        font = f"{running.address}/static/{FONT}"
        async with client.get(font, headers=packs) as answer:
            assert answer.status == 200
            assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        "/static/",
        "/static/operator",
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e/app.py",
        "/static/operator/..%2f..%2f..%2fpyproject.toml",
        "/static//etc/hostname",
        "/static/%2fetc%2fhostname",
        "/static/operator/operator.js%00.css",
        "/static/operator\\operator.js",
        "/static/%ff%fe",
    ],
)
async def test_nothing_else_is_served(tmp_path: Path, path: str) -> None:
    async with site(tmp_path) as running:
        host, port = running.address.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        # Raw, because a client library would tidy the path up.
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        assert answer.startswith(b"HTTP/1.1 404"), answer[:200]


def test_links_out_hidden_files_and_unknown_kinds_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("outside")
    folder = tmp_path / "static"
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "config.txt").write_text("hidden")
    (folder / "tool.py").write_text("code")
    (folder / "good.css").write_text("a{}")
    os.symlink(tmp_path / "secret.txt", folder / "link.txt")
    files = StaticFiles(folder)
    assert files.url("good.css").startswith("/static/good.css?v=")
    for name in (".git/config.txt", "tool.py", "link.txt"):
        with pytest.raises(KeyError):
            files.url(name)


async def test_a_made_file_and_a_mounted_one_are_served_like_any(
    tmp_path: Path, aiohttp_client: Any
) -> None:
    picture = tmp_path / "a.svg"
    await asyncio.to_thread(picture.write_text, "<svg/>")
    files = await asyncio.to_thread(
        StaticFiles, mounted={"slides/1/a.svg": picture}, made={"t/x.css": "a{}"}
    )
    app = web.Application()
    app.router.add_get("/static/{name:.+}", files.handle)
    client = await aiohttp_client(app)
    async with client.get(files.url("t/x.css")) as answer:
        assert (await answer.text(), answer.content_type) == ("a{}", "text/css")
        assert "immutable" in answer.headers["Cache-Control"]
    async with client.get("/static/slides/1/a.svg") as answer:
        assert (answer.status, answer.content_type) == (200, "image/svg+xml")
    assert not files.has("slides/1/b.svg")


def test_the_first_folder_wins_and_any_change_is_another_version(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.css").write_text(name)
    first, second = StaticFiles(tmp_path / "a", tmp_path / "b"), StaticFiles(tmp_path / "b")
    assert first.url("x.css") != second.url("x.css")
    assert StaticFiles(tmp_path / "a").url("x.css") == first.url("x.css")
    before = first.version
    (tmp_path / "a" / "x.css").write_text("changed")
    assert StaticFiles(tmp_path / "a", tmp_path / "b").version != before


def test_a_file_hidden_by_an_earlier_one_is_not_in_its_folder(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        (folder / "card.js").write_text(f"// {folder.name}")
    files = StaticFiles(first, second)
    assert files.is_in("card.js", first)
    assert not files.is_in("card.js", second)
    assert not files.is_in("none.js", first)


async def test_a_folder_may_have_a_name_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "welcome.webm").write_bytes(b"film")
    files = await asyncio.to_thread(StaticFiles, mounted={"sign": tmp_path})
    assert files.has("sign/welcome.webm")
    assert not files.has("welcome.webm")


def test_a_file_that_changes_has_another_address(tmp_path: Path) -> None:
    (tmp_path / "one.css").write_text("a {}")
    before = StaticFiles(tmp_path).url("one.css")
    assert StaticFiles(tmp_path).url("one.css") == before
    (tmp_path / "one.css").write_text("b { }")
    assert StaticFiles(tmp_path).url("one.css") != before
