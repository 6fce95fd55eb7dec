"""Plug-ins by name. Every way of doing one thing (heads, encoders, annotators, …) is looked up here.

A leaf that all rooms may use, like `errors`. Adding a method is a file with its class and a line: in the
registry of its protocol, or for a package of its own an entry point of the registry's group, as `study/`
has them. One contract test per protocol runs over every entry.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import Any, ClassVar, Generic, Protocol, TypeVar, cast

from concepts.errors import BROKEN_METHOD, UNKNOWN_METHOD, PackageError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Method:
    """What a person should know of a method before choosing it."""

    name: str  # what is written to choose it
    what: str  # one sentence for people
    source: str  # the paper or project it comes from
    licence: str = ""  # of its weights and of code that isn't this project's
    cost: str = "nothing"  # time, money or memory, in words
    defaults: Mapping[str, Any] = field(default_factory=dict)


class Plugin(Protocol):
    method: ClassVar[Method]


P = TypeVar("P", bound=Plugin)


class Registry(Generic[P]):
    """Classes of one protocol by the name in their `method`: the product's in the order in which they were
    registered, then those of other packages by name. A name that both have means the product's."""

    def __init__(self, kind: str, group: str = "") -> None:
        """`kind` is what one entry is called in messages: "head", "encoder". `group`: of the entry points by
        which other packages add to it, such as "discern.heads"; they are read when first needed."""
        self.kind = kind
        self.group = group
        self._classes: dict[str, type[P] | str] = {}
        self._loaded: dict[str, type[P] | PackageError] = {}  # of other packages

    def register(self, plugin: type[P]) -> None:
        self._add(plugin.method.name, plugin)

    def register_at(self, name: str, where: str) -> None:
        """A class that is imported when it is first asked for, because its libraries take seconds to load.

        `where` is `package.module:Class`; in a wheel our packages have another name, so it begins with
        `__package__`.
        """
        self._add(name, where)

    def __getitem__(self, name: str) -> type[P]:
        """Raises `WrongUsageError`, which lists what there is, and `PackageError`."""
        self.require(name)
        if name not in self._classes:
            loaded = self._load(name)
            if isinstance(loaded, PackageError):
                raise loaded
            return loaded
        found = self._classes[name]
        if isinstance(found, str):
            module, _, attribute = found.partition(":")
            found = self._classes[name] = getattr(importlib.import_module(module), attribute)
        return found

    def require(self, name: str, also: Sequence[str] = ()) -> None:
        """Raises `WrongUsageError` for a name that is none; `also` are words that may stand instead of
        one. Imports nothing where it is one."""
        if name not in self and name not in also:
            names = [*also, *self]
            raise UNKNOWN_METHOD(method=self.kind, name=name, names=names, known=", ".join(names))

    def is_own(self, name: str) -> bool:
        """Whether it is the product's, and of no other package."""
        return name in self._classes

    def __contains__(self, name: object) -> bool:
        return name in self._classes or name in self._others

    def __iter__(self) -> Iterator[str]:
        """The names. Those of other packages are imported: what can't be loaded is left out, and the log says
        why."""
        yield from list(self._classes)
        for name in self._others:
            if name not in self._classes and isinstance(self._load(name), type):
                yield name

    def _add(self, name: str, plugin: type[P] | str) -> None:
        if name in self._classes:
            raise ValueError(f"There are two {self.kind}s called {name!r}.")
        self._classes[name] = plugin

    @cached_property
    def _others(self) -> dict[str, EntryPoint]:
        """What other packages add. To find out takes milliseconds, which no start waits for."""
        found: dict[str, EntryPoint] = {}
        for point in sorted(entry_points(group=self.group)) if self.group else ():
            if point.name in found or point.name in self._classes:
                log.warning("There are two %ss called “%s”: that of %s is left out.", self.kind, *_who(point))
            else:
                found[point.name] = point
        return found

    def _load(self, name: str) -> type[P] | PackageError:
        """A class of another package, whose code may do anything while it is imported."""
        if name not in self._loaded:
            self._loaded[name] = self._import(self._others[name])
        return self._loaded[name]

    def _import(self, point: EntryPoint) -> type[P] | PackageError:
        name, package = _who(point)
        try:
            found = point.load()
            if not (isinstance(found, type) and found.method.name == name):  # type: ignore[attr-defined]
                raise TypeError(f"{point.value} is no class with the method “{name}”")
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            broken = BROKEN_METHOD(method=self.kind, name=name, package=package, reason=reason)
            log.warning("%s", broken, exc_info=error)
            return broken
        return cast("type[P]", found)


def _who(point: EntryPoint) -> tuple[str, str]:
    """Its name and the package that it comes from."""
    return point.name, point.dist.name if point.dist else point.module.partition(".")[0]
