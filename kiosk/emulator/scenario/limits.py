"""Every bound of the emulator in one place: sizes, times and counts, with the policy at each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one emulator. Those the service documents carry the documented value."""

    message_bytes: int = 24 * 1024 * 1024
    """Largest WebSocket message, room for the largest append; beyond it a close with 1009."""
    append_bytes: int = 15 * 1024 * 1024
    """Largest decoded `input_audio_buffer.append` (API reference: 15 MiB); beyond it, an error."""
    backlog_seconds: float = 30.0
    """Audio waiting for voice activity detection; beyond it the socket is read no further."""
    buffer_seconds: float = 300.0
    """Audio held for a manual commit; beyond it appends are refused until commit or clear."""
    utterance_seconds: float = 60.0
    """Longest single utterance; beyond it the turn is ended as if the speaker had paused."""
    minimum_commit_ms: int = 100
    """Shortest audio that can be committed by hand; less is `input_audio_buffer_commit_empty`."""
    items: int = 1_000
    """Conversation items kept; beyond it the oldest is forgotten and counted."""
    text_characters: int = 262_144
    """Longest text in one field (instructions, one message, one output); beyond it, an error."""
    tools: int = 128
    """Most functions a session may declare; beyond it, an error."""
    outgoing_events: int = 4_096
    """Events waiting for a slow reader; beyond it the connection is cut and counted."""
    outgoing_bytes: int = 32 * 1024 * 1024
    """Bytes waiting for a slow reader; beyond it the connection is cut and counted."""
    video_backlog_bytes: int = 1024 * 1024
    """Bytes waiting for a slow reader (2.5 s of avatar video at 1280x720) above which the avatar's
    stream leaves out what it would have sent: the picture jumps, and it is counted and logged."""
    sessions: int = 256
    """Sessions at once; beyond it the handshake is refused with 429."""
    session_seconds: float = 3_600.0
    """Longest session (quotas page: 60 minutes); then `session_expired` and a close."""
    transcription_seconds: float = 30.0
    """Longest wait for hearing one utterance; then its transcription has failed."""
    answer_seconds: float = 20.0
    """Longest wait for an avatar's answer to an offer; then an error."""
    response_seconds: float = 300.0
    """Longest generation of one response; then it is failed."""
    journal_sessions: int = 200
    """Finished sessions whose journal is kept; beyond it the oldest is forgotten."""
    journal_entries: int = 2_000
    """Entries kept for each session; beyond it the oldest is forgotten and counted."""
    incoming_per_second: int = 1_000
    """Client events taken a second, after a burst of as many; beyond it reading waits, and the
    first wait of a session is logged."""
    control_bytes: int = 64 * 1024
    """Largest body of a request to the control endpoint; beyond it, 413."""
    record_bytes: int = 256 * 1024 * 1024
    """Largest recording; beyond it one last line says so and nothing more is written."""
    record_lines: int = 20_000
    """Lines that wait for the recording's disk; beyond it they are lost and counted."""
    record_waiting_bytes: int = 64 * 1024 * 1024
    """Text that waits for the recording's disk; beyond it lines are lost and counted."""
    close_seconds: float = 5.0
    """Longest wait for a client to answer a close."""
    mcp_servers: int = 8
    """MCP servers a session may declare; beyond it, an error."""
    mcp_connect_seconds: float = 15.0
    """Longest wait for an MCP server's tools; then `mcp_list_tools.failed`."""
    mcp_call_seconds: float = 60.0
    """Longest MCP call; then `response.mcp_call.failed`."""
    mcp_calls: int = 32
    """MCP calls running or waiting for approval at once; beyond it a call fails."""
    mcp_output_characters: int = 65_536
    """Longest output of an MCP call; the rest is cut off and logged."""
