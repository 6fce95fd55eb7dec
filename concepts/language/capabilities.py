"""What is known of a model at an endpoint, found by asking it once: how it is asked, and what it can do.

Kept in a file for each endpoint and model. It is asked again when it stops working (another server may have
the address now), and where it was poor it is asked again after a week (servers are upgraded).
"""

from __future__ import annotations

import hashlib
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from concepts.language.dialects import RUNGS, EndpointDialect
from concepts.view import View
from storage.files import write_whole

BELIEVED_FOR = timedelta(days=7)
MISSES_BELIEVED = 3  # answers in a row without the form that was asked for, by an endpoint that has kept it

_lock = threading.Lock()  # of the files: they are read, changed and written again


class Sight(View):
    """Whether a model read pictures whose content can't be guessed."""

    sees: bool
    when: datetime
    why: str = ""  # what it did instead, in a sentence


class Capabilities(View):
    """`proven`: since when the dialect has worked; none where nothing was answered yet."""

    dialect: EndpointDialect = EndpointDialect()
    proven: datetime | None = None
    misses: int = 0
    sight: Sight | None = None


class CapabilityMemory:
    """The capabilities of one model at one endpoint. Safe from several threads; the last process wins."""

    def __init__(self, folder: Path, endpoint: str, model: str) -> None:
        digest = hashlib.sha256(f"{endpoint}\n{model}".encode()).hexdigest()[:16]
        self._file = folder / "capabilities" / f"{digest}.json"

    @property
    def known(self) -> Capabilities:
        try:
            return Capabilities.model_validate_json(self._file.read_bytes())
        except (OSError, ValidationError):
            return Capabilities()

    @property
    def dialect(self) -> tuple[EndpointDialect, bool]:
        """The dialect to use, and whether the endpoint has answered in it."""
        known = self.known
        if known.proven is None:
            return EndpointDialect(), False
        best = known.dialect.rung == RUNGS[0]
        if not best and datetime.now(UTC) - known.proven > BELIEVED_FOR:
            return EndpointDialect(), False
        return known.dialect, True

    def worked(self, dialect: EndpointDialect) -> None:
        """The endpoint has answered in it, in the form that was asked for."""
        known = self.known
        if not known.misses and self.dialect == (dialect, True):
            return
        same = known.dialect == dialect and known.proven is not None and self.dialect[1]
        self._keep(dialect=dialect, proven=known.proven if same else datetime.now(UTC), misses=0)

    def ignored(self, dialect: EndpointDialect) -> bool:
        """The endpoint took the form and did not keep it. Returns whether to believe that of the rung."""
        known = self.known
        if known.dialect != dialect or not self.dialect[1]:
            return True
        misses = known.misses + 1
        believed = misses >= MISSES_BELIEVED
        self._keep(misses=misses, **({"proven": None} if believed else {}))
        return believed

    def saw(self, sight: Sight) -> None:
        self._keep(sight=sight)

    def forget(self) -> None:
        """Everything is to be asked anew."""
        with _lock:
            self._file.unlink(missing_ok=True)

    def _keep(self, **changes: Any) -> None:
        with _lock:
            kept = self.known.model_copy(update=changes)
            write_whole(self._file, kept.model_dump_json().encode())
