"""Concepts that share an encoder in one bundle: a column each; all readers agree on rules and grades."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import bundles
import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from concepts.bundle.check import check_bundle
from concepts.bundle.classify import Classifier
from concepts.bundle.classify import write as write_answers
from concepts.bundle.facts import AllOf, AnyOf, Combined, Expression, Grades, Is, Not, OneOf
from concepts.bundle.heads import BundleHead
from concepts.bundle.load import load_bundle
from concepts.bundle.score import schema_of, score_rows
from concepts.bundle.scorer import load as load_scorer
from concepts.bundle.write import BundlePart, write_bundle
from concepts.errors import DiscernError
from concepts.learning.base import FAMILIAR_FROM, LinearHead, Prototypes

DIMENSION = 8
NAMES = ("messy room", "people", "=dark")


def part(name: str, line: LinearHead, grades: Grades | None = None, cuts: Any = None) -> BundlePart:
    facts = bundles.make_facts(line, concept=name, grades=grades).concepts[0]
    return BundlePart(BundleHead(line, cuts), facts)


def three(seed: int = 0, *, graded: bool = False) -> list[BundlePart]:
    rng = np.random.default_rng(seed)
    lines = [
        bundles.make_head(4 * rng.normal(size=DIMENSION), float(rng.normal()), float(rng.uniform(0.2, 0.8)))
        for _ in NAMES
    ]
    beside = Prototypes(*(3 * rng.normal(size=(n, DIMENSION)).astype(np.float32) for n in (2, 3)))
    lines[2] = replace(lines[2], prototypes=beside, details=lines[2].details | {FAMILIAR_FROM: 0.4})
    parts = [part(name, line) for name, line in zip(NAMES, lines, strict=True)]
    if graded:
        line = lines[1]
        cuts = np.sort(np.append(rng.normal(size=3), line.bias))[::-1]
        place = int(np.flatnonzero(cuts == line.bias)[0])
        parts[1] = part(NAMES[1], line, Grades(n=5, counts_from=place + 2), cuts)
    return parts


def pictures(n: int, seed: int = 1) -> Any:
    """As the small encoder of these tests sees them: the first row of the first channel."""
    return np.random.default_rng(seed).integers(0, 256, (n, 3, 8, 8)).astype(np.uint8)


def seen(shown: Any) -> Any:
    rows = shown[:, 0, 0, :].astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, small_graph: Any) -> Write:
    """Writes parts, combined by a rule or not, with the small encoder."""
    about = bundles.make_encoder(DIMENSION)
    return lambda parts, rule=None: write_bundle(tmp_path / "b", parts, about, small_graph, rule)


expressions = st.recursive(
    st.integers(0, 2).map(lambda i: Is(concept=i)),
    lambda inner: st.one_of(
        inner.map(lambda e: Not(but=e)),
        st.lists(inner, min_size=1, max_size=3).map(lambda es: AllOf(all=tuple(es))),
        st.lists(inner, min_size=1, max_size=3).map(lambda es: AnyOf(any=tuple(es))),
    ),
    max_leaves=6,
)
rules = st.one_of(
    st.none(),
    st.just(OneOf()),
    st.builds(Combined, name=st.just("all of it"), threshold=st.floats(0, 1), expression=expressions),
)


@settings(max_examples=40)
@given(rule=rules, graded=st.booleans(), seed=st.integers(0, 999))
def test_numpy_both_graphs_and_the_product_say_the_same(rule, graded, seed, small_graph):
    parts = three(seed, graded=graded)
    shown = pictures(12, seed)
    vectors = seen(shown)
    with tempfile.TemporaryDirectory() as parent:
        about = bundles.make_encoder(DIMENSION)
        folder = write_bundle(Path(parent) / "b", parts, about, small_graph, rule)
        bundle = load_bundle(folder)
        expected = bundle.outputs(vectors)
        by_numpy = load_scorer(folder).outputs(vectors)
        by_head = onnxruntime.InferenceSession(folder / "head.onnx").run(None, {"embedding": vectors})
        by_graph = onnxruntime.InferenceSession(folder / "classifier.onnx").run(None, {"pictures": shown})
    thresholds = [concept.head.threshold for concept in bundle.facts.concepts]
    if isinstance(rule, Combined):
        thresholds.insert(0, rule.threshold)
    assert expected.probability.shape == (12, len(thresholds))
    assert len(bundle.columns) == len(thresholds)
    sure = np.abs(expected.probability - thresholds) > 1e-4  # rounding decides at the line itself
    for found in (by_numpy, by_head, by_graph):
        assert found[0] == pytest.approx(expected.probability, abs=1e-5)
        assert (found[1] == expected.decision)[sure].all()
        if graded:
            assert found[2] == pytest.approx(expected.grade, abs=1e-4)
    for near in (by_numpy.familiarity, by_head[-1], by_graph[-1]):
        assert near == pytest.approx(expected.familiarity, abs=1e-4)
    assert expected.familiarity.shape == (12, 1)
    assert expected.familiarity[:, 0] == pytest.approx(parts[2].head.line.familiarity(vectors), abs=1e-6)
    assert len(by_head) == 3 + graded


def test_a_rule_is_what_it_says(write):
    rule = Combined(
        name="messy, nobody there",
        threshold=0.5,
        expression=AllOf(all=(Is(concept=0), Not(but=AnyOf(any=(Is(concept=1), Is(concept=2)))))),
    )
    folder = write(three(), rule)
    found = load_bundle(folder)
    combined, messy, people, dark = found.outputs(seen(pictures(9))).probability.T
    assert combined == pytest.approx(messy * (1 - people) * (1 - dark))
    assert found.columns == ("messy, nobody there", *NAMES)
    card = (folder / "README.md").read_text()
    assert "messy room AND NOT (people OR =dark)" in card


def test_of_exclusive_classes_at_most_one_is_right(write):
    rng = np.random.default_rng(0)
    parts = [part(name, bundles.make_head(9 * rng.normal(size=DIMENSION), bias=-3)) for name in NAMES]
    found = load_bundle(write(parts, OneOf())).outputs(seen(pictures(500)))
    assert (found.probability.sum(axis=1) < 1).all()
    assert set(found.decision.sum(axis=1)) == {0, 1}
    none = 1 - found.probability.sum(axis=1)
    assert ((found.decision.sum(axis=1) == 0) == (none > found.probability.max(axis=1))).all()


def test_a_grade_lies_between_the_first_and_the_last_and_its_line_is_its_yes(write):
    found = load_bundle(write(three(3, graded=True))).outputs(seen(pictures(50)))
    assert ((found.grade >= 1) & (found.grade <= 5)).all()
    order = np.argsort(found.grade[:, 0])
    assert (np.diff(found.probability[order, 1]) >= 0).all()


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        (Combined(name="x", threshold=0.5, expression=Is(concept=3)), "concept 3, of 3"),
        (Combined(name="people", threshold=0.5, expression=Is(concept=0)), "same name"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(tmp_path, write, rule, why):
    with pytest.raises(ValueError, match=why):
        write(three(), rule)
    assert list(tmp_path.iterdir()) == []


def test_cuts_that_do_not_fall_and_brackets_without_end_are_refused(write):
    line = bundles.make_head(np.ones(DIMENSION), bias=0.0)
    with pytest.raises(ValueError, match="cuts that fall"):
        write([part("mess", line, Grades(n=3, counts_from=2), np.array([0.0, 1.0]))])
    deep: Expression = Is(concept=0)
    for _ in range(30):
        deep = Not(but=deep)
    folder = write(three())
    rule = Combined(name="x", threshold=0.5, expression=deep).model_dump(mode="json")
    document = json.loads((folder / "head.json").read_text()) | {"rule": rule}
    (folder / "head.json").write_text(json.dumps(document))
    with pytest.raises(DiscernError, match="brackets in brackets"):
        load_bundle(bundles.sums_again(folder))


@pytest.fixture
def folder(write: Write, curves: Any) -> Path:
    return write([BundlePart(p.head, p.facts, curves) for p in three(graded=True)])


def test_each_concept_has_its_own_part_of_the_card_and_all_are_replaced(folder, write):
    card = (folder / "README.md").read_text()
    assert card.count("### How good it is") == 3
    assert "# messy room, people, =dark" in card
    assert "2-scores.svg" in card
    assert (folder / "3-curves.json").exists()
    assert "It also gives a grade from 1 to 5" in card
    assert check_bundle(folder).problems == ()
    assert [one.name for one in check_bundle(folder).concepts] == list(NAMES)
    write(three()[:1])
    assert not (folder / "2-scores.svg").exists()


def test_classify_has_a_column_for_each(folder, tmp_path):
    classifier = Classifier(folder / "classifier.onnx")
    (tmp_path / "pictures").mkdir()
    for number, shown in enumerate(pictures(5)):
        Image.fromarray(shown.transpose(1, 2, 0)).save(tmp_path / "pictures" / f"{number}.png")
    (tmp_path / "pictures" / "none.png").write_text("none")
    answers = list(classifier.answers([tmp_path / "pictures"]))
    answers[0] = answers[0]._replace(path="=1+1.png")  # would be a formula
    with (tmp_path / "out.csv").open("w", newline="") as stream:
        counts = write_answers(answers, classifier.about, stream, False)
    with (tmp_path / "out.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    columns = "messy room: score,messy room: decision,people: score,people: decision,people: grade"
    dark = "'=dark: score,'=dark: decision,error,'=dark: familiarity"
    assert ",".join(rows[0]) == f"path,{columns},{dark}"
    expected = load_bundle(folder).outputs(seen(pictures(5)))
    for column, numbers in (
        ("people: score", expected.probability[:, 1]),
        ("people: grade", expected.grade[:, 0]),
        ("'=dark: familiarity", expected.familiarity[:, 0]),
    ):
        assert [float(row[column]) for row in rows[:5]] == pytest.approx(numbers.tolist(), abs=1e-3)
    assert rows[5]["error"]
    assert rows[0]["path"] == "'=1+1.png"
    assert (counts.rows, counts.bad, counts.yes) == (6, 1, expected.decision.sum(axis=0).tolist())
    lines = tmp_path / "out.jsonl"
    with lines.open("w") as stream:
        write_answers(answers, classifier.about, stream, True)
    first = json.loads(lines.read_text().splitlines()[0])
    assert set(first) == {"path", *NAMES}
    assert set(first["people"]) == {"score", "decision", "grade"}
    assert set(first["=dark"]) == {"score", "decision", "familiarity"}
    everything = list(classifier.answers([tmp_path / "pictures"], {"people": 0.0}))
    assert {answer.said[1].decision for answer in everything if answer.said} == {"yes"}
    with pytest.raises(ValueError, match="there is no 'cats' here"):
        list(classifier.answers([tmp_path / "pictures"], {"cats": 0.5}))


def test_scores_of_many_pictures_have_a_column_for_each(folder):
    bundle = load_bundle(folder)
    vectors = seen(pictures(4))
    (batch,) = score_rows(bundle, [(list("abcd"), list("abcd"), bundle.outputs(vectors))])
    assert batch.schema == schema_of(bundle)
    assert batch.schema.names[2:4] == ["messy room: score", "messy room: decision"]
    assert batch["people: grade"].to_pylist() == pytest.approx(bundle.outputs(vectors).grade[:, 0].tolist())
    near = bundle.outputs(vectors).familiarity[:, 0]
    assert batch["=dark: familiarity"].to_pylist() == pytest.approx(near.tolist())
    with pytest.raises(DiscernError, match="3 concepts"):
        _ = bundle.head
