"""Static files: a list made at start, so that no address can reach anything outside of it."""

from __future__ import annotations

import asyncio
import functools
import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import ETag, hdrs, web

from kiosk.errors import StartupError
from kiosk.security.access import Access
from kiosk.web.routes import Cost, Route

PREFIX: Final = "/static/"
_YEAR: Final = "public, max-age=31536000, immutable"

# Said here and not taken from the machine, whose own table may call a module text/plain.
_TYPES: Final[Mapping[str, str]] = {
    ".avif": "image/avif",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
    ".ogg": "audio/ogg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".wav": "audio/wav",
    ".webmanifest": "application/manifest+json",
    ".webm": "video/webm",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}

# What is text is sent packed to whoever takes it; pictures, sounds and fonts are packed already.
_PACKED: Final = {".css", ".html", ".js", ".json", ".svg", ".txt", ".wasm", ".webmanifest"}
_PACKED_BYTES: Final = range(1_000, 2_000_000)
"""Less is not worth it; more is a site's own, and would be kept in memory."""


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    type: str
    digest: str
    made: str | None = None
    """The text of a file that is on no disk."""


@functools.lru_cache(maxsize=2048)
def _digest(path: Path, _mtime_ns: int, _size: int) -> str:
    """Read a file once for as long as it stays what it is: fonts are most of a start's reading."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


@functools.lru_cache(maxsize=512)
def _packed(file: _File) -> bytes | None:
    """Pack a file once for as long as it stays what it is; None where that is not worth it."""
    if file.path.suffix.lower() not in _PACKED:
        return None
    text = file.path.read_bytes() if file.made is None else file.made.encode()
    return gzip.compress(text, mtime=0) if len(text) in _PACKED_BYTES else None


class StaticFiles:
    """The files of one or more folders under /static/; the first folder with a name wins.

    `mounted` are further folders and files by the name they are served under, `made` texts.
    """

    def __init__(
        self,
        *folders: Path,
        mounted: Mapping[str, Path] | None = None,
        made: Mapping[str, str] | None = None,
    ) -> None:
        self._files: dict[str, _File] = {}
        for name, text in (made or {}).items():
            digest = hashlib.sha256(text.encode()).hexdigest()[:12]
            self._files[name] = _File(Path(name), _TYPES[Path(name).suffix], digest, text)
        for folder in folders:
            self._add_folder("", folder.resolve())
        for name, path in (mounted or {}).items():
            if path.is_dir():
                self._add_folder(f"{name}/", path.resolve())
            else:
                self._add(name, path)
        digests = "".join(f"{name}{file.digest}" for name, file in sorted(self._files.items()))
        self.version = hashlib.sha256(digests.encode()).hexdigest()[:12]
        """Changes when any file changes."""

    def _add_folder(self, prefix: str, root: Path) -> None:
        for path in sorted(root.rglob("*")):
            # A link that leads out of the folder is not served, whoever put it there.
            if not path.is_file() or not path.resolve().is_relative_to(root):
                continue
            if not any(part.startswith(".") for part in path.relative_to(root).parts):
                self._add(prefix + path.relative_to(root).as_posix(), path)

    def _add(self, name: str, path: Path) -> None:
        kind = _TYPES.get(path.suffix.lower())
        if kind is None or name in self._files:
            return
        try:
            found = path.stat()
            digest = _digest(path, found.st_mtime_ns, found.st_size)
        except OSError as error:
            raise StartupError(
                f"The static file {path} cannot be read: {error.strerror}."
            ) from None
        self._files[name] = _File(path, kind, digest)

    @property
    def names(self) -> tuple[str, ...]:
        """Every file there is."""
        return tuple(self._files)

    def has(self, name: str) -> bool:
        """Whether there is a file of this name."""
        return name in self._files

    def is_in(self, name: str, folder: Path) -> bool:
        """Whether the file served under this name is one of `folder`, and not of an earlier one."""
        file = self._files.get(name)
        return file is not None and file.path.resolve().is_relative_to(folder.resolve())

    def url(self, name: str) -> str:
        """Return the address of a file, good to be cached for ever; for templates."""
        file = self._files.get(name)
        if file is None:
            raise KeyError(f"there is no static file {name}")
        return f"{PREFIX}{name}?v={file.digest}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer with a file. An address with the file's version may be kept for a year."""
        file = self._files.get(request.match_info["name"])
        if file is None:
            raise web.HTTPNotFound
        current = request.query.get("v") in {file.digest, self.version}
        response = await self._sent(request, file)
        response.headers[hdrs.CONTENT_TYPE] = file.type
        response.headers[hdrs.CACHE_CONTROL] = _YEAR if current else "no-cache"
        return response

    async def _sent(self, request: web.Request, file: _File) -> web.StreamResponse:
        packed = None
        if hdrs.RANGE not in request.headers:
            packed = await asyncio.to_thread(_packed, file)
        if packed is not None and "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
            tag = ETag(f"{file.digest}-gzip")
            response = web.Response(body=packed)
            if tag in (request.if_none_match or ()):
                response = web.Response(status=304)
            response.headers[hdrs.CONTENT_ENCODING] = "gzip"
            response.etag = tag
        elif file.made is not None:
            response = web.Response(text=file.made)
        else:
            plain = web.FileResponse(file.path)
            if packed is not None:
                plain.headers[hdrs.VARY] = hdrs.ACCEPT_ENCODING
            return plain
        response.headers[hdrs.VARY] = hdrs.ACCEPT_ENCODING
        return response

    def routes(self) -> list[Route]:
        """Return the address of every file."""
        path = f"{PREFIX}{{name:.+}}"
        return [Route("GET", path, self.handle, Access.PUBLIC, cost=Cost.FREE)]
