"""Avatar kiosk: a walk-up talking avatar between kiosk browsers and Azure Voice Live.

What a plugin imports is here; everything else may change without notice.
"""

from kiosk.hooks.markers import hookimpl
from kiosk.model import Card, Greeting, Tool, ToolResult, TranscriptEntry, TranscriptSink

__all__ = [
    "Card",
    "Greeting",
    "Tool",
    "ToolResult",
    "TranscriptEntry",
    "TranscriptSink",
    "hookimpl",
]
