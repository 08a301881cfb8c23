"""`kiosk emulate`: runs the Voice Live emulator alone and prints what it offers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kiosk.cli.manage import missing_extra
from kiosk.cli.running import on_stop
from kiosk.clock import SystemClock
from kiosk.errors import SettingsError
from kiosk.settings import environment

if TYPE_CHECKING:
    from kiosk.emulator.scenario.scenario import Scenario
    from kiosk.emulator.scenario.service import Service
    from kiosk.emulator.server.server import EmulatorServer

_MINIMUM_KEY = 16
_WIDTH = 11


async def emulate(
    *,
    host: str,
    port: int,
    scenario: Path | None,
    voice: str,
    record: Path | None,
    record_words: bool,
    control_key_file: Path | None,
) -> None:
    """Run the emulator until stopped. Raises SettingsError or StartupError."""
    stopped = on_stop()
    try:
        from kiosk.emulator.scenario.limits import Limits
        from kiosk.emulator.scenario.scenario import Scenario, load_scenario
        from kiosk.emulator.server.server import EmulatorServer
        from kiosk.emulator.wire.record import Recorder
    except ImportError as error:
        raise missing_extra(error) from None
    if record_words and record is None:
        raise SettingsError("--record-words goes with --record FILE, which says where to")
    chosen = Scenario() if scenario is None else await asyncio.to_thread(load_scenario, scenario)
    key = None if control_key_file is None else await asyncio.to_thread(read_key, control_key_file)
    limits = Limits()
    recorder = None
    if record is not None:
        recorder = Recorder(
            record,
            SystemClock(),
            words=record_words,
            max_bytes=limits.record_bytes,
            max_waiting=limits.record_lines,
            max_waiting_bytes=limits.record_waiting_bytes,
        )
    async with EmulatorServer(
        scenario=chosen,
        host=host,
        port=port,
        engines_preference=voice,
        limits=limits,
        recorder=recorder,
        control_key=key,
        environment=environment(),
    ) as emulator:
        for line in offer(emulator, record, record_words=record_words, control_key=key is not None):
            click.echo(line)
        await stopped.wait()
    if recorder is not None:
        lost = f", {recorder.lost} lost" if recorder.lost else ""
        click.echo(f"Recorded {recorder.written} lines{lost} in {record}")


def read_key(path: Path) -> str:
    """Return the control key in a file, or raise SettingsError; blocks."""
    try:
        key = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"the control key file {path} cannot be read as text") from None
    if len(key) < _MINIMUM_KEY or not key.isascii() or not key.isprintable():
        raise SettingsError(
            f"the control key in {path} must be one line of at least {_MINIMUM_KEY} ASCII "
            "characters"
        )
    return key


def offer(
    emulator: EmulatorServer, record: Path | None, *, record_words: bool, control_key: bool
) -> list[str]:
    """Return what is printed once the emulator listens, line by line."""
    scenario = emulator.scenario
    endpoint = emulator.endpoint
    key = "KEY" if scenario.service.api_keys else "any"
    lines = [f"Voice Live emulator: {endpoint} ({describe_keys(scenario.service)})", ""]
    shown = {
        "Python": f'connect(endpoint="{endpoint}", credential=AzureKeyCredential("{key}"), '
        'model="gpt-realtime")',
        "JavaScript": f'new VoiceLiveClient("{endpoint}", new AzureKeyCredential("{key}"))',
        "Settings": f"AZURE_VOICELIVE_ENDPOINT={endpoint} AZURE_VOICELIVE_API_KEY={key}",
        "Speech": emulator.engines.describe(),
        "Mind": _mind(scenario),
        "Avatar": "H.264 and Opus by WebRTC; H.264 and AAC over the WebSocket",
        "Scenario": describe_scenario(scenario),
        "Limits": describe_limits(scenario.service),
        "Control": f"{endpoint}/emulator/{{health,sessions,faults,limits,reset}} "
        + ("(with the key, from anywhere)" if control_key else "(from this machine)"),
    }
    if record is not None:
        kept = "with words and audio" if record_words else "words and audio left out"
        shown["Recording"] = f"{record} ({kept})"
    lines += [f"  {name:<{_WIDTH}}{text}" for name, text in shown.items()]
    lines += [
        "",
        "  Not emulated: the language models, Azure's voices and characters, noise reduction.",
        "  A setting that has no effect here is answered by a `warning` event.",
        "  Stop with Ctrl+C.",
    ]
    return lines


def describe_keys(service: Service) -> str:
    """Return which credentials open, without telling them."""
    ways = []
    if "api_key" in service.accepts:
        count = len(service.api_keys)
        ways.append("any key" if not count else f"one of {count} keys" if count > 1 else "one key")
    if "bearer" in service.accepts:
        form = "JSON Web Token" if service.bearer_form == "jwt" else "bearer token"
        count = len(service.bearer_tokens)
        ways.append(f"{'one of ' + str(count) if count else 'any'} {form}{'s' * bool(count)}")
    text = " or ".join(ways)
    return text + ("; agents by token only" if service.agents_demand_bearer else "")


def _mind(scenario: Scenario) -> str:
    if scenario.replay is not None:
        return f"none: replays {scenario.replay.file}"
    if scenario.mind is not None:
        return "a chat endpoint, where no reply fits"
    return "built in, in English, German, French and Spanish: instructions, functions, memory"


def describe_scenario(scenario: Scenario) -> str:
    """Return a scenario's name and how much is in it."""
    counts = {"replies": len(scenario.replies), "faults": len(scenario.faults)}
    found = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    return f"{scenario.name} ({found})" if found else f"{scenario.name} (no replies, no faults)"


def describe_limits(service: Service) -> str:
    """Return the rates and caps that are on."""
    found = ", ".join(f"{name} = {value:g}" for name, value in service.in_force().items())
    if not found:
        return "none of the service's quotas (a scenario's [service] turns them on)"
    faster = f", {service.time_scale:g} times as fast" if service.time_scale != 1 else ""
    return found + faster
