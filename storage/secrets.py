"""`secrets.json` of a data folder: keys, and addresses that let somebody act elsewhere. It is no part of the
database, its owner alone can read it, and no backup has it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from storage.errors import StorageError
from storage.files import write_whole

SESSION = "session"  # what logins are signed with
WEBHOOKS = "webhooks"  # of watched folders, by their number: an address, and what messages are signed with


class SecretsFile:
    """All else in it are settings, by their names. Safe from several threads and processes."""

    def __init__(self, home: Path) -> None:
        self.path = home / "secrets.json"

    def read(self) -> dict[str, Any]:
        """Empty where there is none. Raises `StorageError` where the file can't be understood."""
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise StorageError(
                f"{self.path} isn't a JSON object. Mend it, or remove it and enter the keys again."
            )
        return found

    @contextmanager
    def changing(self) -> Iterator[dict[str, Any]]:
        """What is in it, kept as it is left. Of two that change it at once both count."""
        from filelock import FileLock  # a server of exported classifiers keeps nothing and hasn't got it

        self.path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self.path.with_suffix(".lock"), mode=0o600):
            kept = self.read()
            yield kept
            write_whole(self.path, json.dumps(kept, indent=2).encode())

    def made_once(self, name: str, make: Callable[[], str]) -> str:
        """A secret that is made where there is none yet: two processes that start at once get the same."""
        if name not in self.read():
            with self.changing() as kept:
                kept.setdefault(name, make())
        return str(self.read()[name])
