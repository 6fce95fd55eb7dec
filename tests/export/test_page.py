"""`classify.html` as a file: what it says of lines, and where there can be none."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import bundles
import numpy as np
import pytest

from concepts.bundle import page
from concepts.bundle.account import Account
from concepts.bundle.classifier_model import how_shown
from concepts.bundle.facts import Combined, Is, Not, OneOf
from concepts.bundle.heads import BundleHead
from concepts.bundle.write import BundlePart, bundle_facts, write_bundle
from concepts.errors import DiscernError
from concepts.learning.base import LinearHead
from concepts.learning.report import Guarantee

YES = Guarantee(
    at_least=0.9, confidence=0.95, n=60, errors=2, floor=0.5, attempt=1, made_from=1, day=date(2026, 11, 24)
)
NO = YES.model_copy(update={"side": "no", "line": 0.2})


def about(content: str) -> Any:
    found = re.search(r'<script type="application/json" id="about">(.*?)</script>', content)
    assert found
    return json.loads(found[1])


def part(name: str, **details: Guarantee) -> BundlePart:
    kept = {key: guarantee.model_dump(mode="json") for key, guarantee in details.items()}
    line = LinearHead("logistic", np.linspace(-1, 1, 8), 0.0, 0.6, kept)
    return BundlePart(BundleHead(line), bundles.make_facts(line, concept=name).concepts[0])


def columns(tmp_path: Path, graph: Any, *parts: BundlePart, rule: Combined | OneOf | None = None) -> Any:
    folder = write_bundle(tmp_path / "b", parts, bundles.make_encoder(8), graph, rule, page=True)
    assert (folder / "RUNTIME_LICENCE.txt").exists()
    assert "open `classify.html` in a browser" in (folder / "README.md").read_text()
    return about((folder / "classify.html").read_text(encoding="utf-8"))["columns"]


def test_between_certified_lines_one_has_to_look(tmp_path: Path, small_graph: Any) -> None:
    (both,) = columns(tmp_path, small_graph, part("both", certified=YES, certified_no=NO))
    assert (both["yes_from"], both["no_up_to"]) == (0.6, 0.2)
    assert "yes from 60 % on, no up to 20 %, in between look yourself. With 95 % confidence" in both["words"]


def test_with_one_line_the_other_side_is_near_it(tmp_path: Path, small_graph: Any) -> None:
    (yes,) = columns(tmp_path, small_graph, part("yes", certified=YES))
    assert (yes["yes_from"], yes["no_up_to"]) == (0.6, pytest.approx(3 / 7))
    (no,) = columns(tmp_path, small_graph, part("no", certified_no=NO))
    assert (no["yes_from"], no["no_up_to"]) == (0.6, 0.2)


def test_without_a_certified_line_it_is_near_the_threshold(tmp_path: Path, small_graph: Any) -> None:
    (plain,) = columns(tmp_path, small_graph, part("plain"))
    assert (plain["yes_from"], plain["no_up_to"]) == (pytest.approx(0.75), pytest.approx(3 / 7))
    assert plain["words"].endswith("Its line is at 60 %; none of this is certified.")


def test_rules_have_their_columns(tmp_path: Path, small_graph: Any) -> None:
    rule = Combined(name="a, not b", threshold=0.5, expression=Not(but=Is(concept=1)))
    found = columns(tmp_path, small_graph, part("a", certified_no=NO), part("b"), rule=rule)
    assert [column["name"] for column in found] == ["a, not b", "a", "b"]
    assert found[0]["no_up_to"] == pytest.approx(1 / 3)
    assert found[1]["no_up_to"] == 0.2
    one_of = columns(tmp_path, small_graph, part("a"), part("b"), rule=OneOf())
    assert {column["yes_from"] for column in one_of} == {1}


def test_a_name_can_be_no_part_of_the_page(tmp_path: Path, small_graph: Any) -> None:
    folder = write_bundle(
        tmp_path / "b", [part("</script><b>x</b>")], bundles.make_encoder(8), small_graph, page=True
    )
    content = (folder / "classify.html").read_text(encoding="utf-8")
    assert "<b>x" not in content
    assert about(content)["columns"][0]["name"] == "</script><b>x</b>"


def test_there_is_none_without_the_encoder(tmp_path: Path) -> None:
    with pytest.raises(DiscernError, match="needs the encoder in it: its licence is unknown"):
        write_bundle(
            tmp_path / "b", [part("a")], bundles.make_encoder(8), "its licence is unknown", page=True
        )
    assert not (tmp_path / "b").exists()


def test_there_is_none_of_a_large_classifier(
    tmp_path: Path, small_graph: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "MOST_BYTES", 100)
    with pytest.raises(DiscernError, match="at most 0 MB"):
        write_bundle(tmp_path / "b", [part("a")], bundles.make_encoder(8), small_graph, page=True)


def test_the_same_input_gives_the_same_page(tmp_path: Path, small_graph: Any) -> None:
    folders = [
        write_bundle(tmp_path / n, [part("a")], bundles.make_encoder(8), small_graph, page=True) for n in "ab"
    ]
    one, other = ((folder / "classify.html").read_bytes() for folder in folders)
    assert one == other


def test_a_page_that_is_shared_begins_with_what_the_version_says_of_itself(small_graph: Any) -> None:
    one = part("round <b>")
    facts = bundle_facts([one], bundles.make_encoder(8))
    account = Account(one.facts, "1.0")
    shown = [("counts", "data:image/webp;base64,AAAA")]
    html = page.classifying_page(b"graph", how_shown(small_graph), facts, account, shown, "LICENCE OF IT")
    assert html.index("What counts") < html.index("Where it fails") < html.index("Try your own picture")
    assert 'src="data:image/webp;base64,AAAA"' in html
    assert "<b>round" not in html.replace("round &lt;b&gt;", "")
    assert "LICENCE OF IT" in html
    assert "MIT License" in html  # of the runtime, as no file lies beside it
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    assert policy
    assert "img-src data:" in policy[1]
    assert "connect-src" not in policy[1]
    alone = page.classifying_page(b"graph", how_shown(small_graph), facts)
    assert "img-src" not in alone
    assert "RUNTIME_LICENCE.txt" in alone
