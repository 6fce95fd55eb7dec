"""Files of the page, read and compressed once: a new browser asks for a hundred before it shows anything."""

from __future__ import annotations

import gzip
import os
from dataclasses import dataclass
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

SMALL = 1000  # bytes: under these, a file stays as it is
KEPT = ("content-type", "etag", "last-modified")


@dataclass(frozen=True)
class File:
    """A file as it was at a time. `zipped` is empty where it isn't worth it."""

    path: str
    modified: int
    plain: bytes
    zipped: bytes
    headers: dict[str, str]

    @classmethod
    def read(cls, path: str, headers: dict[str, str]) -> File:
        modified, plain = Path(path).stat().st_mtime_ns, Path(path).read_bytes()
        return cls(path, modified, plain, gzip.compress(plain, 9) if len(plain) > SMALL else b"", headers)

    @property
    def is_current(self) -> bool:
        try:
            return Path(self.path).stat().st_mtime_ns == self.modified
        except OSError:
            return False


class FromMemory(StaticFiles):
    """Answers with the files of a folder, from memory as long as they are the same."""

    def __init__(self, directory: Path, *, cache_control: str = "") -> None:
        super().__init__(directory=directory)
        self._cache_control = cache_control
        self._files: dict[str, File] = {}

    async def get_response(self, path: str, scope: Scope) -> Response:
        file = self._files.get(path) if scope["method"] in ("GET", "HEAD") else None
        if file is None or not file.is_current:
            found = await super().get_response(path, scope)
            if not isinstance(found, FileResponse):
                return found
            headers = {name: found.headers[name] for name in KEPT}
            file = self._files[path] = await run_in_threadpool(File.read, str(found.path), headers)
        asked = Headers(scope=scope)
        zips = bool(file.zipped) and "gzip" in asked.get("accept-encoding", "")
        answer = Response(file.zipped if zips else file.plain, headers=file.headers)
        if self._cache_control:
            answer.headers["cache-control"] = self._cache_control
        answer.headers["vary"] = "Accept-Encoding"
        if zips:
            answer.headers["content-encoding"] = "gzip"
        return NotModifiedResponse(answer.headers) if self.is_not_modified(answer.headers, asked) else answer


class Scripts(FromMemory):
    """What of the components a browser loads, and nothing of Python."""

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        return super().lookup_path(path) if path.endswith((".js", ".css")) else ("", None)
