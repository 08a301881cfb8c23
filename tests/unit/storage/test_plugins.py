"""What plugins keep: JSON by key, each plugin to itself, within limits."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from kiosk.errors import StorageError
from kiosk.storage.plugins import MAX_KEY, MAX_KEYS, MAX_VALUE
from tests.unit.storage.keeping import kept


async def test_values_come_back_as_they_were_and_outlive_the_server(tmp_path: Path) -> None:
    value = {"stars": [1, 2.5, None, True], "text": "Grüße 👋"}
    async with kept(tmp_path) as storage:
        await storage.plugin("survey").set("a", value)
    async with kept(tmp_path) as storage:
        own = storage.plugin("survey")
        assert await own.get("a") == value
        await own.set("a", None)
        assert await own.get("a", "default") is None
        assert await own.get("b", "default") == "default"


async def test_each_plugin_has_its_own(tmp_path: Path) -> None:
    async with kept(tmp_path) as storage:
        one, other = storage.plugin("one"), storage.plugin("other")
        await one.set("key", 1)
        await other.set("key", 2)
        assert not await other.delete("absent")
        assert await other.delete("key")
        assert not await other.delete("key")
        assert await one.items() == [("key", 1)]
        assert await other.items() == []


async def test_items_by_prefix_in_the_order_of_their_keys(tmp_path: Path) -> None:
    async with kept(tmp_path) as storage:
        own = storage.plugin("p")
        for key in ("b/2", "a/1", "a/2", "A/3", "a%b", "a_b"):
            await own.set(key, key)
        assert [key for key, _ in await own.items("a/")] == ["a/1", "a/2"]
        assert [key for key, _ in await own.items("a%")] == ["a%b"]
        assert [key for key, _ in await own.items("a_")] == ["a_b"]
        assert [key for key, _ in await own.items("a", limit=2)] == ["a%b", "a/1"]
        assert await own.items(limit=0) == []
        assert len(await own.items()) == 6


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("", 1, "1 to 200 characters"),
        ("k" * (MAX_KEY + 1), 1, "1 to 200 characters"),
        ("k", object(), "p: the value of 'k' is not JSON"),
        ("k", float("nan"), "not JSON"),
        ("k", {("a", "b"): 1}, "not JSON"),
        ("k", "x" * MAX_VALUE, "more than 65536 characters"),
    ],
)
async def test_what_cannot_be_kept_changes_nothing(
    tmp_path: Path, key: str, value: Any, sentence: str
) -> None:
    async with kept(tmp_path) as storage:
        own = storage.plugin("p")
        await own.set("k", "before")
        with pytest.raises(StorageError, match=sentence):
            await own.set(key, value)
        assert await own.items() == [("k", "before")]


def fill(folder: Path, plugin: str) -> None:
    rows = [(plugin, f"{n:05}", "1", "2026-03-01 12:00:00.000000") for n in range(MAX_KEYS)]
    connection = sqlite3.connect(folder / "kiosk.sqlite3")
    with connection:
        connection.executemany(
            "INSERT INTO plugin_data (plugin, key, value, updated_at) VALUES (?, ?, ?, ?)", rows
        )
    connection.close()


async def test_a_plugin_that_keeps_too_much_is_refused_a_new_key(tmp_path: Path) -> None:
    async with kept(tmp_path) as storage:
        own = storage.plugin("p")
        fill(tmp_path, "p")
        with pytest.raises(StorageError, match="p keeps 10000 keys already; delete some"):
            await own.set("new", 1)
        await own.set("00000", 2)
        assert await own.get("00000") == 2
        await own.delete("00001")
        await own.set("new", 1)
        await storage.plugin("other").set("new", 1)
