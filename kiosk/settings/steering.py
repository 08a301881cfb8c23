"""Settings of operators who take part in a running visit: what they may say, and the limits."""

from __future__ import annotations

from pydantic import Field, field_validator

from kiosk.settings.base import Section


class Sentence(Section):
    """One sentence that operators may have said in a visit."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", description="Short name of it.")
    text: dict[str, str] = Field(
        min_length=1,
        description="What is said, by language; a visitor without theirs hears the first.",
    )

    @field_validator("text")
    @classmethod
    def _words(cls, value: dict[str, str]) -> dict[str, str]:
        for code, text in value.items():
            if not 1 <= len(text.strip()) <= 500:
                raise ValueError(f"the sentence in {code} needs 1 to 500 characters")
        return value


class SteeringSettings(Section):
    """How operators take part in a visit."""

    sentences: list[Sentence] = Field(
        [], max_length=100, description="Sentences that operators may have the avatar say."
    )
    words_per_minute: int = Field(
        20,
        ge=1,
        le=120,
        description="Times a minute that operators may have something said in one visit.",
    )
    whispers_per_minute: int = Field(
        6, ge=1, le=60, description="Times a minute that they may tell its model something."
    )
    silence_s: float = Field(
        180,
        gt=0,
        le=1800,
        description="An operator who took a conversation and says nothing for so long gives it "
        "back, s.",
    )
    absence_s: float = Field(
        20,
        gt=0,
        le=600,
        description="So does one whose dashboard is closed or cut off for so long, s.",
    )

    @field_validator("sentences")
    @classmethod
    def _distinct(cls, value: list[Sentence]) -> list[Sentence]:
        ids = [sentence.id for sentence in value]
        if len(set(ids)) != len(ids):
            raise ValueError("two sentences have the same id")
        return value
