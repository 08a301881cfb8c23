"""What a reply has the service do besides speaking."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from kiosk.emulator.scenario.hosted import Hosted


def test_nothing_happens_unless_it_is_said() -> None:
    hosted = Hosted()
    assert not any(hosted.model_dump().values())


def test_a_file_search_has_queries_and_results() -> None:
    search = {"queries": ["hours"], "results": [{"filename": "a.md", "score": 0.5}]}
    hosted = Hosted.model_validate({"file_search": search})
    assert hosted.file_search is not None
    (found,) = hosted.file_search.results
    assert found.model_dump(exclude_none=True) == {"filename": "a.md", "score": 0.5}


@pytest.mark.parametrize(
    "wrong",
    [
        {"web": True},
        {"file_search": {"results": [{"score": 2}]}},
        {"annotations": ["text"]},
        {"invocation": [{}] * 101},
    ],
)
def test_what_cannot_be(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Hosted.model_validate(wrong)
