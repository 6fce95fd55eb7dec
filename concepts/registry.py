"""Plug-ins by name. Every way of doing one thing (heads, encoders, annotators, …) is looked up here.

A leaf that all rooms may use, like `errors`. Adding a method is a file with its class and a line in the
registry of its protocol; one contract test per protocol runs over every entry.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from concepts.errors import UnknownMethodError


@dataclass(frozen=True)
class Method:
    """What a person should know of a method before choosing it."""

    name: str  # what is written to choose it
    what: str  # one sentence for people
    source: str  # the paper or project it comes from
    licence: str  # of its weights and of code that isn't this project's
    cost: str  # time, money or memory, in words
    defaults: Mapping[str, Any] = field(default_factory=dict)


class Plugin(Protocol):
    method: ClassVar[Method]


P = TypeVar("P", bound=Plugin)


class Registry(Generic[P]):
    """Classes of one protocol by the name in their `method`, in the order in which they were registered."""

    def __init__(self, kind: str) -> None:
        """`kind` is what one entry is called in messages: "head", "encoder"."""
        self.kind = kind
        self._classes: dict[str, type[P] | str] = {}

    def register(self, plugin: type[P]) -> None:
        self._add(plugin.method.name, plugin)

    def register_at(self, name: str, where: str) -> None:
        """A class that is imported when it is first asked for, because its libraries take seconds to load.

        `where` is `package.module:Class`; in a wheel our packages have another name, so it begins with
        `__package__`.
        """
        self._add(name, where)

    def __getitem__(self, name: str) -> type[P]:
        """Raises `UnknownMethodError`, which lists what there is."""
        self.require(name)
        found = self._classes[name]
        if isinstance(found, str):
            module, _, attribute = found.partition(":")
            found = self._classes[name] = getattr(importlib.import_module(module), attribute)
        return found

    def require(self, name: str, also: Sequence[str] = ()) -> None:
        """Raises `UnknownMethodError` for a name that is none; `also` are words that may stand instead of
        one. Imports nothing."""
        if name not in self._classes and name not in also:
            raise UnknownMethodError(self.kind, name, [*also, *self.names()])

    def names(self) -> list[str]:
        return list(self._classes)

    def methods(self) -> list[Method]:
        """The records of all entries, for tables. Imports them all."""
        return [self[name].method for name in self._classes]

    def __contains__(self, name: object) -> bool:
        return name in self._classes

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def __len__(self) -> int:
        return len(self._classes)

    def _add(self, name: str, plugin: type[P] | str) -> None:
        if name in self._classes:
            raise ValueError(f"There are two {self.kind}s called {name!r}.")
        self._classes[name] = plugin
