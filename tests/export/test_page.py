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


def columns(graph: Any, *parts: BundlePart, rule: Combined | OneOf | None = None) -> Any:
    facts = bundle_facts(parts, bundles.make_encoder(8), rule)
    return about(page.classifying_page(b"graph", graph.shown, facts))["columns"]


def lines(column: Any) -> tuple[float, float]:
    return column["yes_from"], pytest.approx(column["no_up_to"])


def test_between_certified_lines_one_has_to_look_and_else_near_the_threshold(small_graph: Any) -> None:
    (both,) = columns(small_graph, part("both", certified=YES, certified_no=NO))
    assert lines(both) == (0.6, 0.2)
    assert "yes from 60 % on, no up to 20 %, in between look yourself. With 95 % confidence" in both["words"]
    (yes,) = columns(small_graph, part("yes", certified=YES))
    assert lines(yes) == (0.6, 3 / 7)
    (no,) = columns(small_graph, part("no", certified_no=NO))
    assert lines(no) == (0.6, 0.2)
    (plain,) = columns(small_graph, part("plain"))
    assert lines(plain) == (pytest.approx(0.75), 3 / 7)
    assert plain["words"].endswith("Its threshold is 60 %; none of this is guaranteed.")


def test_rules_have_their_columns(small_graph: Any) -> None:
    rule = Combined(name="a, not b", threshold=0.5, expression=Not(but=Is(concept=1)))
    found = columns(small_graph, part("a", certified_no=NO), part("b"), rule=rule)
    assert [column["name"] for column in found] == ["a, not b", "a", "b"]
    assert [lines(column)[1] for column in found[:2]] == [1 / 3, 0.2]
    one_of = columns(small_graph, part("a"), part("b"), rule=OneOf())
    assert {column["yes_from"] for column in one_of} == {1}


def write(folder: Path, graph: Any, name: str = "a") -> Path:
    return write_bundle(folder, [part(name)], bundles.make_encoder(8), graph, page=True)


def test_a_bundle_has_the_same_page_for_the_same_input_and_no_name_is_a_part_of_it(
    tmp_path: Path, small_graph: Any
) -> None:
    one, other = (write(tmp_path / place, small_graph, "</script><b>x</b>") for place in "ab")
    assert (one / "RUNTIME_LICENCE.txt").exists()
    assert "open `classify.html` in a browser" in (one / "README.md").read_text()
    content = (one / "classify.html").read_text(encoding="utf-8")
    assert content == (other / "classify.html").read_text(encoding="utf-8")
    assert "<b>x" not in content
    assert about(content)["columns"][0]["name"] == "</script><b>x</b>"


def test_there_is_none_without_the_encoder_or_of_a_large_classifier(
    tmp_path: Path, small_graph: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DiscernError, match="needs the encoder in it: its licence is unknown"):
        write(tmp_path / "b", "its licence is unknown")
    monkeypatch.setattr(page, "MOST_BYTES", 100)
    with pytest.raises(DiscernError, match="at most 0 MB"):
        write(tmp_path / "b", small_graph)
    assert not (tmp_path / "b").exists()


def test_a_page_that_is_shared_begins_with_what_the_version_says_of_itself(small_graph: Any) -> None:
    one = part("round <b>")
    facts = bundle_facts([one], bundles.make_encoder(8))
    account = Account(one.facts, "1.0")
    shown = [("counts", "data:image/webp;base64,AAAA")]
    html = page.classifying_page(b"graph", small_graph.shown, facts, account, shown, "LICENCE OF IT")
    assert html.index("What counts") < html.index("Where it fails") < html.index("Try your own picture")
    assert 'src="data:image/webp;base64,AAAA"' in html
    assert "<b>round" not in html.replace("round &lt;b&gt;", "")
    assert "LICENCE OF IT" in html
    assert "MIT License" in html  # of the runtime, as no file lies beside it
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    assert policy
    assert "img-src data:" in policy[1]
    assert "connect-src" not in policy[1]
    alone = page.classifying_page(b"graph", small_graph.shown, facts)
    assert "img-src" not in alone
    assert "RUNTIME_LICENCE.txt" in alone
