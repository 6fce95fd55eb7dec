"""Every plug-in is found by its name, and says what it is."""

from __future__ import annotations

from typing import ClassVar

import pytest

from concepts.annotators import ANNOTATORS
from concepts.encoders import ENCODERS
from concepts.errors import DiscernError, UnknownMethodError
from concepts.labels.formats import FORMATS
from concepts.language import CHAT_MODELS
from concepts.learning.acquisition import ACQUISITIONS
from concepts.learning.aggregation import AGGREGATIONS
from concepts.learning.heads import HEADS
from concepts.learning.scorers import SCORERS
from concepts.registry import Method, Registry

REGISTRIES = (HEADS, SCORERS, ACQUISITIONS, AGGREGATIONS, ENCODERS, ANNOTATORS, CHAT_MODELS, FORMATS)
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
        with pytest.raises(
            UnknownMethodError, match=r"no tool “planer”\. There are: plain, heavy\."
        ) as found:
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


def test_two_of_one_name_are_refused() -> None:
    registry: Registry[Plain] = Registry("tool")
    registry.register(Plain)
    with pytest.raises(ValueError, match="two tools called 'plain'"):
        registry.register(Plain)
    assert registry.methods() == [Plain.method]
