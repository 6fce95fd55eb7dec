"""Which concepts Side by side offers, and what it says of those it doesn't."""

from __future__ import annotations

from pathlib import Path

from web_screens import Screens

from concepts.learning.scale import Scale
from concepts.settings import Settings
from concepts.workbench import Workbench


def test_a_graded_concept_is_named_as_one_that_is_answered_elsewhere(own_home: Path) -> None:
    bench = Workbench(Settings(home=own_home))
    screens = Screens(bench)
    bench.concepts.begin("Roundness", "How round it is.", scale=Scale.graded(5))
    assert "Answer for Roundness" in screens.load("several")["several-head"]
    bench.concepts.begin("Plates", "A plate.")
    head = screens.load("several")["several-head"]
    assert "Grades and classes are answered one by one" in head
    assert 'href="/label?concept=Roundness"' in head
    bench.close()
