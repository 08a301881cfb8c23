"""What a scenario has the mind answer: words that fit, what is said, functions that are called."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from kiosk.emulator.scenario.hosted import Hosted

_MAXIMUM_STEPS = 100
_MAXIMUM_CALLS = 16
_LANGUAGE = re.compile(r"[a-z]{2,3}$")
_PLACEHOLDER = re.compile(r"(?<!\{)\{([A-Za-z_]\w*)\}(?!\})")
OUTPUT = "output"
"""The placeholder in `after` that stands for what a function gave back."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _check_text(text: str | dict[str, str]) -> str | dict[str, str]:
    if isinstance(text, dict):
        wrong = next((name for name in text if not _LANGUAGE.match(name)), None)
        if wrong is not None:
            raise ValueError(f'"{wrong}" is no language; write two letters, such as "de"')
        if not text:
            raise ValueError("give the text in at least one language")
    return text


Text = Annotated[str | dict[str, str], AfterValidator(_check_text)]
"""One text, or one for each language ({en = "Hello", de = "Hallo"}); the first is the fallback."""


def text_in(text: Text, language: str) -> str:
    """Return a text in a language, or in the first it has."""
    if isinstance(text, str):
        return text
    return text.get(language) or next(iter(text.values()))


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return a text with its {placeholders} replaced; {{name}} stays as {name}."""
    replaced = _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)
    return re.sub(r"\{\{(\w+)\}\}", r"{\1}", replaced)


class Call(_Part):
    """A function call that a reply makes; texts in `arguments` may have placeholders."""

    name: str = Field(description="Name of a function the session declares.")
    arguments: dict[str, Any] = Field(default_factory=dict)


class Reply(_Part):
    """What is answered when the visitor's words fit.

    `match` is a regular expression searched in what was said, without regard to case; its named
    groups, such as (?P<place>...), are placeholders for the texts: {place}. `keywords` fit when
    every one of them was said, in any form ("toilet" fits "toilets"). Give either.
    """

    match: str = ""
    keywords: tuple[str, ...] = ()
    language: str = Field(
        default="", description='Fits only words in this language, such as "de"; empty: in any.'
    )
    say: Text | Annotated[tuple[Text, ...], Field(max_length=_MAXIMUM_STEPS)] = Field(
        default="",
        description="Said at once; with calls, said before them. A list is said one entry at a "
        "time, each time the reply fits the next, the last one for ever.",
    )
    call: Call | None = Field(
        default=None, description="Function to call; skipped if not declared."
    )
    calls: Annotated[tuple[Call, ...], Field(max_length=_MAXIMUM_CALLS)] = Field(
        default=(), description="Functions to call at once, in one response."
    )
    after: Text = Field(
        default="", description="Said with a function's output; {output} stands for the output."
    )
    delay_ms: int = Field(default=0, ge=0, le=60_000, description="Wait before answering.")
    once: bool = Field(default=False, description="Fits the first time only in each session.")
    hosted: Hosted | None = Field(
        default=None, description="What the service itself does besides: searches, citations."
    )

    @field_validator("match")
    @classmethod
    def _compiles(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from None
        return value

    @field_validator("language")
    @classmethod
    def _is_language(cls, value: str) -> str:
        if value and not _LANGUAGE.match(value):
            raise ValueError('write two letters, such as "de"')
        return value

    @model_validator(mode="after")
    def _whole(self) -> Reply:
        if bool(self.match) == bool(self.keywords):
            raise ValueError("give either match or keywords")
        if not self.steps and not self.all_calls:
            raise ValueError("give say, call or both")
        if self.call is not None and self.calls:
            raise ValueError("give either call or calls")
        groups = set(re.compile(self.match).groupindex)
        for text in self.steps:
            _check_placeholders("say", text, groups)
        _check_placeholders("after", self.after, groups | {OUTPUT})
        for call in self.all_calls:
            for text in _texts(call.arguments):
                _check_placeholders("arguments", text, groups)
        return self

    @property
    def steps(self) -> tuple[Text, ...]:
        """What is said the first time, the second, and so on; () when nothing is."""
        if isinstance(self.say, tuple):
            return self.say
        return (self.say,) if self.say else ()

    @property
    def all_calls(self) -> tuple[Call, ...]:
        """The functions to call, whether written as `call` or as `calls`."""
        return (self.call,) if self.call is not None else self.calls


def _check_placeholders(where: str, text: Text, known: set[str]) -> None:
    for piece in (text,) if isinstance(text, str) else text.values():
        for name in _PLACEHOLDER.findall(piece):
            if name not in known:
                raise ValueError(
                    f"{where} has {{{name}}}, which is no named group of match; write "
                    f"(?P<{name}>...) there, or {{{{{name}}}}} for the word in braces itself"
                )


def _texts(value: Any) -> list[str]:
    """Return every text anywhere inside a value."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for inner in value.values() for text in _texts(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in _texts(inner)]
    return []


class MindSettings(_Part):
    """A chat endpoint that thinks instead of the built-in mind, where no scripted reply fits.

    Anything that speaks OpenAI's chat completions. Its key is never written in a scenario: it is
    read from the environment variable `key_env` or the file `key_file`.
    """

    url: str = Field(
        pattern=r"^https?://\S+$",
        description='Base of the endpoint, such as "http://127.0.0.1:11434/v1".',
    )
    model: str = Field(min_length=1, description="Name of the model, sent with every request.")
    key_env: str = Field(default="", description="Environment variable that holds the key.")
    key_file: str = Field(default="", description="File that holds the key.")
    stream: bool = Field(
        default=True, description="Ask for the answer as it is made, so that speech begins early."
    )
    timeout_s: float = Field(
        default=30.0, gt=0, le=600, description="Longest wait for the next piece of an answer."
    )
    temperature: float | None = Field(
        default=None, ge=0, le=2, description="Sent if given; else the session's is."
    )

    @model_validator(mode="after")
    def _one_key(self) -> MindSettings:
        if self.key_env and self.key_file:
            raise ValueError("give either key_env or key_file")
        return self
