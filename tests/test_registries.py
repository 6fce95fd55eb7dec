"""Every plug-in is found by its name, and says what it is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import ClassVar

import pytest

from concepts.collaborator import ANNOTATORS
from concepts.encoders.base import ENCODERS
from concepts.errors import DiscernError, PackageError, WrongUsageError
from concepts.labelling.formats import FORMATS
from concepts.learning.acquisition import ACQUISITIONS
from concepts.learning.heads import HEADS
from concepts.learning.scorers import SCORERS
from concepts.registry import Method, Registry

REGISTRIES = (HEADS, SCORERS, ACQUISITIONS, ENCODERS, ANNOTATORS, FORMATS)
ENTRIES = [
    pytest.param(registry, name, id=f"{registry.kind} {name}") for registry in REGISTRIES for name in registry
]


@pytest.mark.parametrize(("registry", "name"), ENTRIES)
def test_every_entry_carries_its_name_and_what_it_is(registry: Registry, name: str) -> None:  # type: ignore[type-arg]
    method = registry[name].method
    assert method.name == name
    assert method.what.endswith(".")
    assert method.source
    assert method.cost
    assert method.what[0].isupper()


class Plain:
    method: ClassVar[Method] = Method("plain", "Does nothing.", "this project", "", "nothing")


def test_a_name_that_is_none_is_an_error_that_lists_what_there_is() -> None:
    registry: Registry[Plain] = Registry("tool")
    registry.register(Plain)
    registry.register_at("heavy", "heavy.library:Tool")
    for look_up in (registry.require, registry.__getitem__):
        with pytest.raises(WrongUsageError, match=r"no tool “planer”\. There are: plain, heavy\.") as found:
            look_up("planer")
        assert isinstance(found.value, DiscernError)
        assert (found.value.name, found.value.names) == ("planer", ["plain", "heavy"])


def test_what_is_heavy_is_imported_when_it_is_first_asked_for() -> None:
    registry: Registry[Plain] = Registry("tool")
    registry.register_at("nowhere", "no_such_module:Tool")
    registry.register_at("plain", f"{__name__}:Plain")
    assert "nowhere" in registry
    assert registry["plain"] is Plain
    assert registry["plain"] is Plain
    with pytest.raises(ModuleNotFoundError):
        registry["nowhere"]


def installed(folder: Path, monkeypatch: pytest.MonkeyPatch, entries: str, code: str = "") -> None:
    """A package “stranger” with these entry points; its module is named in the first of them."""
    module = entries.partition("= ")[2].partition(":")[0]
    about = folder / "stranger-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[discern.tools]\n{entries}")
    (folder / f"{module}.py").write_text(code)
    monkeypatch.syspath_prepend(folder)


TOOLS = """
from test_registries import Method

class Borrowed:
    method = Method("borrowed", "Does nothing.", "somebody", "", "nothing")

class Misnamed:
    method = Method("other", "Does nothing.", "somebody", "", "nothing")
"""


def test_other_packages_add_theirs_behind_the_products_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = "plain = one_stranger:Borrowed\nborrowed = one_stranger:Borrowed\n"
    installed(tmp_path, monkeypatch, entries, TOOLS)
    registry: Registry[Plain] = Registry("tool", "discern.tools")
    registry.register(Plain)
    assert registry["plain"] is Plain, "a name that is taken stays the product's"
    assert "one_stranger" not in sys.modules
    assert "borrowed" in registry
    assert (registry.is_own("plain"), registry.is_own("borrowed")) == (True, False)
    assert "one_stranger" not in sys.modules
    assert registry["borrowed"].method.name == "borrowed"
    assert list(registry) == ["plain", "borrowed"]
    assert "borrowed" not in Registry("tool", "discern.others")


def test_what_is_broken_elsewhere_is_no_matter_until_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    entries = (
        "borrowed = another_stranger:Borrowed\ngone = another_stranger:Gone\n"
        "lost = no_such_module:Tool\nmisnamed = another_stranger:Misnamed\n"
    )
    installed(tmp_path, monkeypatch, entries, TOOLS)
    registry: Registry[Plain] = Registry("tool", "discern.tools")
    registry.register(Plain)
    assert list(registry) == ["plain", "borrowed"]
    told = [one.args for one in caplog.records if one.name == "concepts.registry"]  # others may log meanwhile
    assert {args[0].name for args in told} == {"gone", "lost", "misnamed"}  # type: ignore[union-attr, index]
    assert registry["borrowed"]
    for name, reason in (("gone", "AttributeError"), ("lost", "no_such_module"), ("misnamed", "TypeError")):
        with pytest.raises(PackageError, match=f"“{name}” of the package stranger .*{reason}"):
            registry[name]


def test_two_of_one_name_are_refused() -> None:
    registry: Registry[Plain] = Registry("tool")
    registry.register(Plain)
    with pytest.raises(ValueError, match="two tools called 'plain'"):
        registry.register(Plain)
    assert (list(registry), registry["plain"]) == (["plain"], Plain)
