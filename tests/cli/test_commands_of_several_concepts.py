"""Several concepts at the command line: combine, export the rule, one table of scores."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from concepts.bundle.load import load_bundle

ONE, OTHER = "Round thing", "Square thing"


def test_a_rule_is_tried_kept_and_exported_and_all_scores_written(
    answered: Path, discern: Callable[..., Any], tmp_path: Path
) -> None:
    discern("concept", "train", ONE)
    discern("concept", "new", OTHER, "--from", ONE, "--with-labels")
    discern("concept", "train", OTHER)
    tried = discern("combine", f"{ONE} and not {OTHER}", "--n", 3)
    assert (tried["rule"], len(tried["pictures"])) == (f"{ONE} AND NOT {OTHER}", 3)
    kept = discern("combine", f"{ONE} and {OTHER}", "--name", "Both", "--sure", 0.3)["kept"]
    assert (kept["name"], kept["threshold"]) == ("Both", 0.3)
    discern("combine", "--name", "Both", "--out", tmp_path / "both")
    assert load_bundle(tmp_path / "both").columns == ("Both", ONE, OTHER)
    assert discern("combine", "--name", "both", "--n", 1)["threshold"] == 0.3
    discern("trash", "put", "--rule", "Both")
    assert discern("combine") == []
    assert discern("trash", "restore", "--rule", "Both")["names"] == ["Both"]
    table = discern("combine", "--table", tmp_path / "all.csv")
    assert (table["rows"], table["concepts"]) == (60, {ONE: 1, OTHER: 1})
