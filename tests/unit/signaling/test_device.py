"""Device messages: reports and commands stay inside their limits, and say what does not fit."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from kiosk.signaling import messages as m
from kiosk.signaling.device import ARGS, MAX_IMAGE_CHARS, CommandError, Report, checked

FACTS: dict[str, Any] = {
    "every_s": 30,
    "page": "1.0",
    "width": 1080,
    "height": 1920,
    "language": "en",
    "state": "attract",
    "volume": 80,
    "microphone": "off",
    "up_s": 12.5,
    "at": 1_790_000_000_000,
}


@pytest.mark.parametrize(
    "wrong",
    [
        {"volume": 101},
        {"frame_age_s": float("inf")},
        {"frame_age_s": -1},
        {"levels": [1] * 13},
        {"errors": [{"kind": "x" * 121, "age_s": 0}]},
        {"errors": [{"kind": "x", "age_s": 0}] * 6},
        {"state": "<b>attract</b>"},
        {"browser": "x" * 201},
        {"model": "gpt"},
    ],
)
def test_a_report_is_small_and_plain(wrong: dict[str, Any]) -> None:
    assert Report.model_validate(FACTS).volume == 80
    with pytest.raises(ValidationError):
        Report.model_validate(FACTS | wrong)


def test_an_image_is_base64_of_a_bounded_length() -> None:
    done = m.CommandDone(id="c", ok=True, image="QUJD")
    assert m.parse(done.model_dump_json()) == done
    for image in ("<svg/>", "A" * (MAX_IMAGE_CHARS + 1)):
        with pytest.raises(ValidationError):
            m.CommandDone(id="c", ok=True, image=image)


def test_arguments_are_made_whole_and_strangers_refused() -> None:
    assert checked("identify", {}) == {"seconds": 10}
    assert checked("volume", {"level": "35"}) == {"level": 35}, "as a form sends it"
    assert checked("mute", {"muted": "true"}) == {"muted": True}
    assert checked("message", {"text": " The  tour\nbegins "})["text"] == "The tour begins"
    for name, args, words in (
        ("volume", {"level": 101}, "level"),
        ("volume", {}, "level"),
        ("reload", {"url": "https://elsewhere.example"}, "url"),
        ("message", {"text": "x" * 161}, "text"),
        ("shell", {}, "no command 'shell'"),
    ):
        with pytest.raises(CommandError, match=words):
            checked(name, args)


def test_every_command_of_the_wire_has_its_arguments() -> None:
    for name in ARGS.keys() - {"service"}:  # that one goes to the servers
        m.Command.model_validate({"id": "c", "name": name})
    with pytest.raises(ValidationError):
        m.Command.model_validate({"id": "c", "name": "shell"})
