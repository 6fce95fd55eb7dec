"""A data folder that an earlier version wrote is opened, and nothing in it is lost or changed.

`blackbox/fixtures/homes/` has the folder and, read by the code that wrote it, everything there was in it.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zipfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from concepts.classifier.review import mistakes
from concepts.installation.users import Users
from concepts.labelling.consensus import consensus
from concepts.settings import load_settings
from concepts.workbench import Workbench
from storage.tables import UNREAD, ConceptRow

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


# The database


def test_the_database_as_it_was_is_kept_beside_the_migrated_one(tmp_path: Path, encoder_cache: Path) -> None:
    home = unpacked(tmp_path / "own", encoder_cache)
    before = schema_of(home / "discern.sqlite")
    Workbench(load_settings(home=home)).close()
    after = schema_of(home / "discern.sqlite")
    copies = [schema_of(file) for file in home.glob("discern.before-*.sqlite")]
    assert copies == ([before] if after != before else [])


def test_opening_it_again_changes_nothing(tmp_path: Path, encoder_cache: Path) -> None:
    home = unpacked(tmp_path / "own", encoder_cache)
    Workbench(load_settings(home=home)).close()
    before = dump(home / "discern.sqlite")
    Workbench(load_settings(home=home)).close()
    assert dump(home / "discern.sqlite") == before


# What was kept


def test_every_picture_is_there_with_its_places_vector_and_thumbnail(
    opened: Workbench, expected: dict[str, Any]
) -> None:
    library, known = opened.context.collection.library, expected["library"]
    ids = library.all_ids()
    encoder = library.encoder()
    assert encoder is not None
    assert asdict(encoder) == known["encoder"]
    found = [plain(asdict(picture)) for picture in library.pictures(ids)]
    assert {picture.pop("taken") for picture in found} == {UNREAD}  # nobody asked the files before
    assert found == known["pictures"]
    assert [plain(asdict(file)) for file in library.bad_files()] == known["bad_files"]
    vectors = opened.context.collection.index().vectors(ids)
    assert {i: digest(v.astype("<f4").tobytes()) for i, v in zip(ids, vectors, strict=True)} == known[
        "vectors"
    ]
    assert {i: digest(opened.pictures.thumbnail(i)) for i in ids} == known["thumbnails"]


def test_concepts_keep_their_names_and_the_deleted_one_stays_deleted(
    opened: Workbench, expected: dict[str, Any]
) -> None:
    with opened.context.database.read() as session:
        rows = list(session.scalars(select(ConceptRow)))
    found = {str(r.id): plain({"name": r.name, "created": r.created, "deleted": r.deleted}) for r in rows}
    assert found == {
        key: {name: value[name] for name in ("name", "created", "deleted")}
        for key, value in expected["concepts"].items()
    }


@each_concept
def test_every_definition_is_there(opened: Workbench, expected: dict[str, Any], concept: int) -> None:
    found = [
        plain({name: getattr(row, name) for name in ("number", "document", "author", "note", "created")})
        for row in opened.context.store.definitions(concept)
    ]
    assert found == of(expected, concept)["definitions"]


@each_concept
def test_every_event_is_there(opened: Workbench, expected: dict[str, Any], concept: int) -> None:
    found = [plain(asdict(event)) for event in opened.context.log.events(concept)]
    assert {event.pop("recorded_by") for event in found} == {None}  # was not kept before
    assert {event.pop(name) for event in found for name in ("in_view", "repeat", "renewed")} == {False}
    assert {event.pop(name) for event in found for name in ("taken_from", "given")} == {None}
    assert found == of(expected, concept)["events"]


@each_concept
def test_every_decision_is_the_same(opened: Workbench, expected: dict[str, Any], concept: int) -> None:
    decisions = consensus(opened.context.log.standing(concept))
    found = {i: {"value": d.value, "votes": d.votes, "simulated": d.simulated} for i, d in decisions.items()}
    assert found == of(expected, concept)["decisions"]


@each_concept
def test_candidates_and_evaluation_set_are_the_same(
    opened: Workbench, expected: dict[str, Any], concept: int
) -> None:
    known = of(expected, concept)
    assert opened.context.store.candidates(concept) == known["candidates"]
    drawn = opened.context.store.evaluation_pictures(concept)
    assert [list(pair) for pair in drawn.items()] == known["evaluation_pictures"]


@each_concept
def test_every_annotation_is_there(opened: Workbench, expected: dict[str, Any], concept: int) -> None:
    found = [plain(asdict(annotation)) for annotation in opened.context.store.annotations(concept)]
    since = {"raw": None, "verbalised": None, "same_as": None}
    assert found == [before | since for before in of(expected, concept)["annotations"]]


@each_concept
def test_every_version_is_there_to_the_last_bit(
    opened: Workbench, expected: dict[str, Any], concept: int
) -> None:
    store, known = opened.context.heads, of(expected, concept)["heads"]
    heads = [store.get(concept, head.number) for head in store.all(concept)]
    found = [plain(asdict(head) | {"weights": digest(head.weights)}) for head in heads if head]
    assert {head.pop("classes") for head in found} == {None}  # there were none before
    assert found == known


@each_concept
def test_every_figure_of_every_evaluation_is_there(
    opened: Workbench, expected: dict[str, Any], concept: int
) -> None:
    known = of(expected, concept)["evaluations"]  # one of each version
    found = opened.context.heads.evaluations(concept, [evaluation["head_number"] for evaluation in known])
    assert [plain(asdict(found[evaluation["head_number"]])) for evaluation in known] == known


def test_every_job_is_there(opened: Workbench, expected: dict[str, Any]) -> None:
    found = sorted(opened.jobs.store.recent(500), key=lambda job: job.id)
    known = expected["jobs"]
    assert [as_known(job, one) for job, one in zip(found, known, strict=True)] == known


def test_every_job_belongs_to_the_concept_that_had_its_name_at_the_time(
    opened: Workbench, expected: dict[str, Any]
) -> None:
    deleted = of(expected, FIRST)["deleted"]
    ids = {"Angular thing": ANGULAR, None: None}
    for known in expected["jobs"]:
        name = known["arguments"].get("concept")
        round_thing = FIRST if known["created"] < deleted else SECOND
        assert opened.jobs.store.get(known["id"]).concept_id == ids.get(name, round_thing), known


def test_every_model_call_is_there_with_its_cost_and_answer(
    opened: Workbench, expected: dict[str, Any]
) -> None:
    calls = zip(opened.context.ledger.recent(500), expected["calls"], strict=True)
    for (moment, call), one in calls:
        assert as_known(call, one, created=moment) == one
    totals, known = opened.context.ledger.totals(), expected["call_totals"]
    assert [as_known(total, one) for total, one in zip(totals, known, strict=True)] == known
    for prompt_hash, answer in expected["answers_of_models"].items():
        assert opened.context.ledger.answer(prompt_hash) == answer


def test_settings_users_and_files_are_there(
    opened: Workbench, expected: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = opened.context.settings.home
    monkeypatch.setenv("DISCERN_HOME", str(home))
    settings = load_settings()
    assert {name: getattr(settings, name) for name in expected["settings"]} == expected["settings"]
    assert sorted(Users(settings).records()) == expected["users"]
    assert Users(settings).check("ana", "a password of ana")
    for name, content in expected["files"].items():
        assert digest((home / name).read_bytes()) == content


# What is made of it


@each_live
def test_labels_conflicts_and_the_label_file_are_the_same(
    opened: Workbench, expected: dict[str, Any], concept: int
) -> None:
    known = expected["figures"][LIVE[concept]]
    view = opened.concept(LIVE[concept]).definition.read()
    then, now = known["labels"], view.answers
    both = {value: then["train"][value] + then["evaluation"][value] for value in then["train"]}
    assert now.model_dump(include=set(both)) == both
    assert now.measure == sum(then["evaluation"].values())
    assert (view.annotated, now.to_measure) == (then["annotated"], then["evaluation_size"])
    assert now.simulated == then["simulated"]
    assert view.conflicts == known["conflicts"]
    rows = opened.label_files.label_rows(LIVE[concept])
    assert {row.pop("recorded_by") for row in rows} <= {""}  # was not kept before
    assert {row.pop(name) for row in rows for name in ("in_view", "from_concept")} <= {""}  # nor these
    assert rows == known["label_rows"]


@each_live
def test_quality_of_every_version_is_the_same(
    opened: Workbench, expected: dict[str, Any], concept: int
) -> None:
    for number, known in expected["figures"][LIVE[concept]]["quality"].items():
        found = opened.versions.quality(LIVE[concept], version=int(number)).model_dump(mode="json")
        # What is stored is compared above; thresholds are counted otherwise since, new answers without
        # those that say neither yes nor no.
        otherwise = {"version", "rows", "at", "stale", "curves", "n", "positives", "simulated", "new_answers"}
        for name in sorted(known.keys() - otherwise):
            assert_close(found[name], known[name], f"version {number}: {name}")
        assert found["version"]["threshold"] == known["version"]["threshold"]


@each_live
def test_mistakes_curve_and_comparison_are_the_same(
    opened: Workbench, expected: dict[str, Any], concept: int
) -> None:
    name = LIVE[concept]
    known = expected["figures"][name]
    for number, before in known["mistakes"].items():
        of, head = opened.context.version(name, int(number))
        rows = mistakes(opened.context.dataset(of), opened.context.collection, head)
        found = [[row.id, row.label, row.score, row.purpose] for row in rows]
        then = [[one[key] for key in ("id", "said", "probability", "purpose")] for one in before]
        assert_close(found, then, f"mistakes of version {number}")
    assert [point.model_dump() for point in opened.versions.learning_curve(name)] == known["curve"]
    if known["comparison"]:
        found = opened.versions.compare_versions(name, 1, 2).model_dump(mode="json")
        same = known["comparison"].keys() - {"figures", "differently", "n"}  # they are of the last look since
        assert {key: found[key] for key in same} == {key: known["comparison"][key] for key in same}
        assert 0 < found["n"] <= known["comparison"]["n"]


def test_words_and_pictures_find_the_same(opened: Workbench, expected: dict[str, Any]) -> None:
    words, picture = sorted(expected["found"], key=len)
    for text, like in ((words, []), (None, [picture])):
        found = [hit.model_dump() for hit in opened.pictures.search(text, like=like, n=10)]
        # Scores are rounded to four digits.
        assert_close(found, expected["found"][text or picture], f"like {text or picture}", tolerance=2e-4)


def test_the_next_questions_are_about_pictures_nobody_answered(
    bench: Workbench, expected: dict[str, Any]
) -> None:
    for concept, name in LIVE.items():
        known = of(expected, concept)
        measuring = {picture for picture, _ in known["evaluation_pictures"]}
        people = {e["picture_id"] for e in known["events"] if e["author"]["kind"] != "annotator"}
        asked = {picture.id for picture in bench.answers.next_pictures(name, 5)}
        assert len(asked) == 5
        assert not asked & (measuring | people)
        waiting = {picture.id for picture in bench.answers.next_pictures(name, 50, purpose="evaluation")}
        assert waiting == measuring - people


@each_live
def test_every_version_can_be_exported(
    bench: Workbench, expected: dict[str, Any], concept: int, tmp_path: Path
) -> None:
    from concepts.bundle.load import load_bundle

    for known in of(expected, concept)["heads"]:
        folder = tmp_path / str(known["number"])
        bench.exports.export(LIVE[concept], folder, version=known["number"])
        bundle = load_bundle(folder, expect_fingerprint=known["fingerprint"])
        assert digest(bundle.head.weights.astype("<f8").tobytes()) == known["weights"]
        assert (bundle.head.bias, bundle.head.threshold) == (known["bias"], known["threshold"])
        assert bundle.facts.concepts[0].definition_revision == known["definition_number"]


def test_training_goes_on_where_it_was(bench: Workbench, expected: dict[str, Any]) -> None:
    newest = of(expected, ANGULAR)["heads"][-1]["number"]
    assert bench.versions.train(LIVE[ANGULAR]).number == newest + 1


def test_the_deleted_concept_can_be_brought_back_with_all_its_versions(
    bench: Workbench, expected: dict[str, Any]
) -> None:
    bench.trash.put("concept", LIVE[SECOND], author="me")  # it has the name
    name = bench.trash.restore("concept", f"id:{FIRST}", author="me").names[0]
    found = [(head.number, head.threshold) for head in bench.concept(name).definition.read().heads]
    assert found == [(head["number"], head["threshold"]) for head in of(expected, FIRST)["heads"]]


def test_a_concept_brought_back_has_its_own_learning_curve(
    bench: Workbench, expected: dict[str, Any]
) -> None:
    bench.trash.put("concept", LIVE[SECOND], author="me")
    name = bench.trash.restore("concept", f"id:{FIRST}", author="me").names[0]
    curves = [
        job["result"]["points"]
        for job in expected["jobs"]
        if job["kind"] == "learning curve" and job["created"] < of(expected, FIRST)["deleted"]
    ]
    assert [point.model_dump() for point in bench.versions.learning_curve(name)] == curves[-1]


# Helpers


def of(expected: dict[str, Any], concept: int) -> dict[str, Any]:
    kept: dict[str, Any] = expected["concepts"][str(concept)]
    return kept


def as_known(found: Any, known: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Those values of a row that its version knew of."""
    values = plain(asdict(found) | more)
    return {name: values[name] for name in known}


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """Datetimes and tuples as JSON has them."""
    return {
        key: value.isoformat()
        if hasattr(value, "isoformat")
        else list(value)
        if isinstance(value, tuple)
        else value
        for key, value in values.items()
    }


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


def schema_of(file: Path) -> str:
    with sqlite3.connect(file) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def dump(file: Path) -> list[str]:
    with sqlite3.connect(file) as connection:
        return list(connection.iterdump())
