"""Checks the configuration of interim responses and fills its defaults in."""

from __future__ import annotations

from kiosk.emulator.config.values import refuse
from kiosk.emulator.scenario.limits import Limits
from kiosk.emulator.wire.codec import JSON, WireError

# Unsure: clients are known to look for the words "interim response" in the message only.
NOT_SUPPORTED = "interim_response_not_supported"
_MOST_TEXTS = 100


def check_interim(interim: JSON, param: str, model: str | None, limits: Limits) -> None:
    """Raise WireError for what is not possible, naming the field below `param`.

    Realtime audio models have no interim responses (how-to on interim responses); that the service
    answers with an error whose message names them is how Microsoft's MCP sample recognises it.
    `model` is None in agent mode, which has them.
    """
    if model is not None and "realtime" in model.lower():
        raise WireError(
            NOT_SUPPORTED,
            f"The model '{model}' does not support interim responses; use a text model such as "
            "gpt-4.1, or an agent.",
            param,
        )
    threshold = interim.get("latency_threshold_ms")
    if threshold is not None and threshold < 0:
        raise refuse(f"{param}.latency_threshold_ms", "it must be 0 or more")
    tokens = interim.get("max_completion_tokens")
    if tokens is not None and tokens < 1:
        raise refuse(f"{param}.max_completion_tokens", "it must be 1 or more")
    texts = interim.get("texts")
    if texts is not None:
        if not 1 <= len(texts) <= _MOST_TEXTS or not all(text.strip() for text in texts):
            raise refuse(f"{param}.texts", f"give 1 to {_MOST_TEXTS} texts with words in them")
        if max(map(len, texts)) > limits.text_characters:
            longest = limits.text_characters
            raise refuse(f"{param}.texts", f"a text has at most {longest} characters")


def filled_interim(interim: JSON) -> JSON:
    """Return the configuration with the API reference's defaults (2026-07-15)."""
    defaults: JSON = {"triggers": ["latency"], "latency_threshold_ms": 2_000}
    if interim["type"] == "llm_interim_response":
        defaults |= {"model": "gpt-4.1-mini", "max_completion_tokens": 50}
    given = {name: value for name, value in interim.items() if value is not None}
    return {**defaults, **given}
