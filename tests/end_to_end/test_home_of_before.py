"""A data folder that an earlier version wrote is opened, and nothing in it is lost or changed.

`blackbox/fixtures/homes/` has the folder and, read by the code that wrote it, everything there was in it.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from concepts.classifier.review import mistakes
from concepts.settings import load_settings
from concepts.workbench import Workbench

ARCHIVE = Path(__file__).parents[2] / "blackbox" / "fixtures" / "homes" / "before_0_1_0.zip"
FIRST, ANGULAR, SECOND = 1, 2, 3  # concepts: “Round thing” (deleted), “Angular thing”, “Round thing” again
LIVE = {ANGULAR: "Angular thing", SECOND: "Round thing"}
TOLERANCE = 1e-5  # between the last digits of two processors; what is stored is compared exactly

each_concept = pytest.mark.parametrize("concept", [FIRST, ANGULAR, SECOND])
each_live = pytest.mark.parametrize("concept", list(LIVE))


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    with zipfile.ZipFile(ARCHIVE) as archive:
        return json.loads(archive.read("expected.json"))  # type: ignore[no-any-return]


def unpacked(folder: Path, encoder_cache: Path) -> Path:
    """The data folder, with the encoder's cache that all tests share."""
    with zipfile.ZipFile(ARCHIVE) as archive:
        archive.extractall(folder)
    (folder / "home" / "cache").symlink_to(encoder_cache)
    return folder / "home"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory, encoder_cache: Path) -> Iterator[Workbench]:
    """To be read from only."""
    bench = Workbench(load_settings(home=unpacked(tmp_path_factory.mktemp("before"), encoder_cache)))
    yield bench
    bench.close()


@pytest.fixture
def bench(tmp_path: Path, encoder_cache: Path) -> Iterator[Workbench]:
    """One of the test's own, to be written to."""
    bench = Workbench(load_settings(home=unpacked(tmp_path / "own", encoder_cache)))
    yield bench
    bench.close()


@each_live
def test_mistakes_curve_and_comparison_are_the_same(
    opened: Workbench, expected: dict[str, Any], concept: int
) -> None:
    name = LIVE[concept]
    known = expected["figures"][name]
    for number, before in known["mistakes"].items():
        of, head = (opened.context.concept(name), opened.concept(name).versions.head(int(number)))
        rows = mistakes(opened.context.dataset(of), head)
        found = [[row.id, row.label, row.score, row.purpose] for row in rows]
        then = [[one[key] for key in ("id", "said", "probability", "purpose")] for one in before]
        assert_close(found, then, f"mistakes of version {number}")
    assert [point.model_dump() for point in opened.concept(name).versions.learning_curve()] == known["curve"]
    if known["comparison"]:
        found = opened.concept(name).versions.compare(1, 2).model_dump(mode="json")
        same = known["comparison"].keys() - {"figures", "differently", "n"}  # they are of the last look since
        assert {key: found[key] for key in same} == {key: known["comparison"][key] for key in same}
        assert 0 < found["n"] <= known["comparison"]["n"]


def test_the_next_questions_are_about_pictures_nobody_answered(
    bench: Workbench, expected: dict[str, Any]
) -> None:
    for concept, name in LIVE.items():
        known = of(expected, concept)
        measuring = {picture for picture, _ in known["evaluation_pictures"]}
        people = {e["picture_id"] for e in known["events"] if e["author"]["kind"] != "annotator"}
        asked = {picture.id for picture in bench.concept(name).labels.next_pictures(5)}
        assert len(asked) == 5
        assert not asked & (measuring | people)
        waiting = {
            picture.id for picture in bench.concept(name).labels.next_pictures(50, purpose="evaluation")
        }
        assert waiting == measuring - people


@each_live
def test_every_version_can_be_exported(
    bench: Workbench, expected: dict[str, Any], concept: int, tmp_path: Path
) -> None:
    from concepts.bundle.load import load_bundle

    for known in of(expected, concept)["heads"]:
        folder = tmp_path / str(known["number"])
        bench.concept(LIVE[concept]).exports.write(folder, version=known["number"])
        bundle = load_bundle(folder, expect_fingerprint=known["fingerprint"])
        assert digest(bundle.head.weights.astype("<f8").tobytes()) == known["weights"]
        assert (bundle.head.bias, bundle.head.threshold) == (known["bias"], known["threshold"])
        assert bundle.facts.concepts[0].definition_revision == known["definition_number"]


def test_training_goes_on_where_it_was(bench: Workbench, expected: dict[str, Any]) -> None:
    newest = of(expected, ANGULAR)["heads"][-1]["number"]
    assert bench.concept(LIVE[ANGULAR]).versions.train().wait().number == newest + 1


def test_the_deleted_concept_can_be_brought_back_with_all_its_versions(
    bench: Workbench, expected: dict[str, Any]
) -> None:
    bench.trash.put(concept=LIVE[SECOND], author="me")  # it has the name
    name = bench.trash.restore(concept=f"id:{FIRST}", author="me").names[0]
    found = [(head.number, head.threshold) for head in bench.concept(name).definition.read().heads]
    assert found == [(head["number"], head["threshold"]) for head in of(expected, FIRST)["heads"]]


def test_a_concept_brought_back_has_its_own_learning_curve(
    bench: Workbench, expected: dict[str, Any]
) -> None:
    bench.trash.put(concept=LIVE[SECOND], author="me")
    name = bench.trash.restore(concept=f"id:{FIRST}", author="me").names[0]
    curves = [
        job["result"]["points"]
        for job in expected["jobs"]
        if job["kind"] == "learning curve" and job["created"] < of(expected, FIRST)["deleted"]
    ]
    assert [point.model_dump() for point in bench.concept(name).versions.learning_curve()] == curves[-1]


# Helpers


def of(expected: dict[str, Any], concept: int) -> dict[str, Any]:
    kept: dict[str, Any] = expected["concepts"][str(concept)]
    return kept


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def assert_close(found: Any, known: Any, where: str, tolerance: float = TOLERANCE) -> None:
    """All that was told then with the same values, numbers that were computed anew up to `tolerance`. A
    version may tell more than it did."""
    if isinstance(known, dict):
        assert known.keys() <= found.keys(), where
        for key in known:
            assert_close(found[key], known[key], f"{where}, {key}", tolerance)
    elif isinstance(known, list):
        assert len(found) == len(known), where
        for index, value in enumerate(known):
            assert_close(found[index], value, f"{where}, {index}", tolerance)
    elif isinstance(known, float):
        assert found == pytest.approx(known, abs=tolerance), where
    else:
        assert found == known, where


def test_every_picture_has_the_vector_that_it_had(opened: Workbench, expected: dict[str, Any]) -> None:
    ids = opened.context.collection.library.all_ids()
    vectors = opened.context.collection.index().vectors(ids)
    found = {i: digest(v.astype("<f4").tobytes()) for i, v in zip(ids, vectors, strict=True)}
    assert found == expected["library"]["vectors"]
