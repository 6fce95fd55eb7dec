"""Protection at the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from concepts.cli import app
from concepts.errors import DiscernError


def told(*words: str) -> dict[str, object]:
    done = CliRunner().invoke(app, [*words, "--json"], catch_exceptions=False)
    return dict(json.loads(done.stdout))


def test_a_person_and_a_concept_are_protected_by_a_command_each(own_home: Path) -> None:
    told("concept", "new", "Wound", "--description", "A wound.")
    assert told("concept", "protection", "Wound", "--as", "blur") == {"shown_as": "blur"}
    assert told("protection", "--as", "both")["shown_as"] == "both"
    assert told("protection", "--key", "b") == {"shown_as": "both", "key": "b"}  # what wasn't named stays
    assert told("protection") == {"shown_as": "both", "key": "b"}


def test_a_way_to_show_pictures_that_there_is_not_is_refused_with_those_there_are(own_home: Path) -> None:
    with pytest.raises(DiscernError, match="greyscale"):
        told("protection", "--as", "upside-down")
