"""What a reply has the service itself do besides speaking: searches, citations, agent events."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

_MOST = 100


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FileResult(_Part):
    """One result of a file search, as the SDK's FileSearchResult."""

    file_id: str | None = None
    filename: str | None = None
    score: float | None = Field(default=None, ge=0, le=1)
    text: str | None = None
    attributes: dict[str, str] | None = None


class FileSearch(_Part):
    """A file search; clients see `results` only if they include "file_search_call.results"."""

    queries: tuple[str, ...] = Field(default=(), max_length=_MOST)
    results: tuple[FileResult, ...] = Field(default=(), max_length=_MOST)


class Hosted(_Part):
    """What happens on the service's side of one reply, in the order of the fields."""

    invocation: tuple[dict[str, Any], ...] = Field(
        default=(),
        max_length=_MOST,
        description="Events of a hosted agent, passed on as response.invocation.delta.",
    )
    web_search: bool = Field(default=False, description="Whether the web is searched first.")
    file_search: FileSearch | None = Field(default=None, description="A search of files.")
    annotations: tuple[dict[str, Any], ...] = Field(
        default=(), max_length=_MOST, description="Citations added to what is said."
    )
    content_filter: bool = Field(
        default=False, description="Whether the answer ends incomplete, by the content filter."
    )
