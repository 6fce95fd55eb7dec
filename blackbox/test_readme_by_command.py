"""The README's commands in their order: `--json`, exit codes, files, and the recorded figures."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import PIL
import pytest

from blackbox.job import NAME, REMARK, SENTENCE, Job, exact, near, recorded, rows_of
from blackbox.running import ROOT, Ended, run

CLOSE = 0.02  # probabilities and figures, between processors
VERY_CLOSE = 1e-3  # probabilities of one picture by two programs on this computer

NUMBER = (int, float)
FIGURE = dict.fromkeys(("value", "low", "high"), (*NUMBER, type(None))) | {"n": int}
PICTURE = {"id": str, "path": str, "purpose": str, "reason": str, "repeat": bool}
TAKEN = ("imported", "unchanged", "unanswered", "left_out", "unknown_pictures")
IMPORTED = dict.fromkeys((*TAKEN, "kept_for_evaluation", "kept_for_training"), int) | {"bad_rows": list}
SCORED = {"out": str, "rows": int, "yes": int, "skipped": int}

# What `--json` prints: keys with their types. A list holds the shape of each of its items, and a key “*” each
# value of a map. More keys may come.
PROMISED: dict[str, Any] = {
    "library add": {
        "added": int, "duplicates": int, "unchanged": int, "embedded": int, "skipped": dict,
        "seconds": NUMBER, "pictures_per_second": NUMBER,
    },
    "concept new": {
        "id": int, "name": str, "created": str, "revisions": int, "candidates": int,
        "revision": {
            "number": int, "author": str, "note": str, "created": str,
            "definition": {"name": str, "description": str, "criteria": list, "queries": list},
        },
        "answers": {"answers": int, "yes": int, "no": int, "unsure": int, "skip": int, "measure": int},
    },
    "concept expand": {
        "number": int, "author": str, "note": str, "created": str, "problem": str,
        "definition": {
            "name": str, "description": str,
            "criteria": [{"kind": str, "text": str}],
            "queries": [{"text": str, "counts": bool}],
        },
    },
    "concept mine": {"added": int, "candidates": int, "per_query": {"*": int}},
    "concept annotate": {
        "annotator": str, "annotated": int, "failed": list, "ratings": {"*": int}, "calls": int,
        "cost_usd": (*NUMBER, type(None)), "stopped": str,
    },
    "concept next": {"pictures": [PICTURE]},
    "to measure": {"pictures": [PICTURE]},
    "concept labels import": IMPORTED,
    "measured": IMPORTED,
    "concept labels export": {"rows": int, "out": str},
    "concept train": {"number": int, "kind": str, "threshold": float, "notes": list},
    "concept evaluate": {
        "head": int, "threshold": float, "drawn": str,
        "labels": [{"author_kind": str, "yes": int, "no": int}],
        "metrics": {"*": FIGURE | {"note": str}},
        "baselines": {"*": {"metrics": {"*": FIGURE}}},
        "confusion": {
            "true_positive": int, "false_positive": int, "false_negative": int, "true_negative": int
        },
        "sentences": list,
    },
    "concept export": {"folder": str, "archive": str, "head": int, "concepts": {"*": int}},
    "bundle check": {
        "bundle": str, "encoder": str, "fingerprint": str, "scores_pictures": bool, "checksums": int,
        "concepts": [{"name": str, "version": int, "threshold": float}],
        "files": [{"name": str, "bytes": int, "what": str}],
        "problems": list,
    },
    "score": SCORED,
    "score the library": SCORED,
    "watch": {
        "watch": {
            "id": int, "concept": str, "folder": str, "version": (int, type(None)), "webhook": str,
            "seen": int, "flagged": int,
        },
        "looked": {"seen": int, "flagged": int, "asked": int, "skipped": int},
        "sent": {"delivered": int, "failed": int},
    },
}  # fmt: skip

LABEL_COLUMNS = ["id", "path", "label", "author", "author_kind", "split", "definition", "created", "comment"]


def missing(value: Any, shape: Any, where: str = "") -> list[str]:
    """Returns what of the shape isn't in the value."""
    if isinstance(shape, Mapping):
        if not isinstance(value, Mapping):
            return [f"{where} is no object"]
        named = dict.fromkeys(value, shape["*"]) if "*" in shape else shape
        absent = [f"{where}.{key} is missing" for key in named if key not in value]
        present = (key for key in named if key in value)
        return absent + [m for key in present for m in missing(value[key], named[key], f"{where}.{key}")]
    if isinstance(shape, list):
        if not isinstance(value, list) or not value:
            return [f"{where} is no list with items"]
        return [m for index, item in enumerate(value) for m in missing(item, shape[0], f"{where}[{index}]")]
    kinds = shape if isinstance(shape, tuple) else (shape,)
    fits = type(value) in kinds or (type(value) is int and float in kinds)
    return [] if fits else [f"{where} is {value!r}"]


@pytest.mark.parametrize("step", PROMISED)
def test_a_command_prints_the_promised_keys(job: Job, step: str) -> None:
    assert missing(job.said[step], PROMISED[step]) == []


def test_counts_and_labels_and_files_are_as_recorded(job: Job) -> None:
    assert exact(job) == recorded()["exact"]


def test_figures_and_probabilities_are_as_recorded(job: Job) -> None:
    assert near(job) == {
        name: value if value is None else pytest.approx(value, abs=CLOSE)
        for name, value in recorded()["near"].items()
    }


def test_no_decision_depends_on_the_computer(job: Job) -> None:
    threshold = job.said["concept train"]["threshold"]
    rows = [*rows_of(job.folder / "scores.csv"), *rows_of(job.folder / "library.csv")]
    # Its score may be off by CLOSE, and the threshold too.
    assert [row for row in rows if abs(float(row["score"]) - threshold) <= 2 * CLOSE] == []


def test_a_concept_begins_with_its_sentence_and_expand_proposes_criteria_and_searches(job: Job) -> None:
    begun, proposed = job.said["concept new"], job.said["concept expand"]
    assert (begun["name"], begun["revision"]["definition"]["description"]) == (NAME, SENTENCE)
    assert proposed["number"] == begun["revision"]["number"] + 1
    criteria = [(one["kind"], one["text"]) for one in proposed["definition"]["criteria"]]
    assert ("excluding", "a rectangle") in criteria
    searches = {one["text"]: one["counts"] for one in proposed["definition"]["queries"]}
    assert searches[NAME] is True
    assert searches["a rectangle"] is False


def test_without_a_model_the_built_in_annotator_labels_for_nothing(job: Job) -> None:
    done = job.said["concept annotate"]
    assert (done["annotator"], done["annotated"], done["calls"], done["failed"]) == ("builtin", 40, 0, [])
    assert sum(done["ratings"].values()) == 40


def test_next_writes_the_pictures_it_names_with_an_empty_label(job: Job) -> None:
    asked, to_measure = job.said["concept next"]["pictures"], job.said["to measure"]["pictures"]
    for pictures, file, purpose in (
        (asked, "answers.csv", "train"),
        (to_measure, "measuring.csv", "evaluation"),
    ):
        rows = rows_of(job.folder / file)
        assert [row["path"] for row in rows] == [picture["path"] for picture in pictures]
        assert {"path", "id", "label", "comment", "split"} <= rows[0].keys()
        assert {row["split"] for row in rows} == {purpose}
        assert {picture["purpose"] for picture in pictures} == {purpose}
    assert len(asked) == 24
    assert not {picture["id"] for picture in asked} & {picture["id"] for picture in to_measure}


def test_an_import_says_what_it_took_and_an_open_row_is_no_label(job: Job) -> None:
    taught, measured = job.said["concept labels import"], job.said["measured"]
    assert (taught["imported"], taught["unanswered"], taught["unknown_pictures"]) == (23, 1, 0)
    assert (measured["imported"], measured["unanswered"]) == (30, 0)
    assert taught["bad_rows"] == measured["bad_rows"] == []


def test_exported_labels_are_those_that_were_given_with_authors_and_comments(job: Job) -> None:
    rows = rows_of(job.folder / "labels.csv")
    assert list(rows[0])[: len(LABEL_COLUMNS)] == LABEL_COLUMNS
    assert job.said["concept labels export"]["rows"] == len(rows)
    given = {
        row["id"]: row["label"]
        for file in ("answers.csv", "measuring.csv")
        for row in rows_of(job.folder / file)
        if row["label"]
    }
    people = [row for row in rows if row["author_kind"] == "person"]
    assert {row["id"]: row["label"] for row in people} == given
    assert {row["author"] for row in people} == {"me"}
    assert [row["label"] for row in people if row["comment"] == REMARK] == ["unsure"]
    assert len(rows) - len(people) == 40  # those of the annotator


def test_the_bundle_comes_with_a_zip_of_the_same_files(job: Job) -> None:
    exported = job.said["concept export"]
    assert (exported["folder"], exported["head"]) == (str(job.bundle), 1)
    with zipfile.ZipFile(exported["archive"]) as archive:
        zipped = {Path(name).name: archive.read(name) for name in archive.namelist()}
    assert zipped == {file.name: file.read_bytes() for file in job.bundle.iterdir()}


def test_a_whole_bundle_is_found_whole(job: Job) -> None:
    found = job.said["bundle check"]
    assert found["problems"] == []
    assert found["concepts"] == [
        {"name": NAME, "version": 1, "threshold": job.said["concept train"]["threshold"]}
    ]
    assert {file["name"]: file["bytes"] for file in found["files"]} == {
        file.name: file.stat().st_size for file in job.bundle.iterdir()
    }


def test_the_bundle_tells_the_figures_that_evaluate_told(job: Job) -> None:
    (concept,) = json.loads((job.bundle / "head.json").read_text(encoding="utf-8"))["concepts"]
    parts = ("name", "value", "low", "high", "n")
    evaluated = job.said["concept evaluate"]["metrics"]
    assert {tuple(one[part] for part in parts) for one in concept["metrics"]} == {
        (name, *(figure[part] for part in parts[1:])) for name, figure in evaluated.items()
    }


def test_scores_are_a_table_of_pictures_with_probability_and_decision(job: Job) -> None:
    for file, step, count in (("scores.csv", "score", 16), ("library.csv", "score the library", 150)):
        rows = rows_of(job.folder / file)
        error = ["error"] if step == "score" else []
        assert list(rows[0]) == ["id", "path", "score", "decision", *error, "familiarity"]
        said = job.said[step]
        assert (said["rows"], said["skipped"], said["out"]) == (count, 0, str(job.folder / file))
        assert len(rows) == count
        assert said["yes"] == sum(row["decision"] == "yes" for row in rows)
        threshold = job.said["concept train"]["threshold"]
        assert all((float(row["score"]) >= threshold) == (row["decision"] == "yes") for row in rows)


def test_a_watched_folder_is_scored_once(job: Job) -> None:
    before = job.said["watch"]
    again = job.discern.ask("watch", job.folder / "new", "--concept", NAME, "--once")
    assert before["looked"]["flagged"] == sum(
        row["decision"] == "yes" for row in rows_of(job.folder / "scores.csv")
    )
    assert again["watch"]["id"] == before["watch"]["id"]
    assert (again["looked"]["seen"], again["watch"]["seen"]) == (0, 16)


# The exported folder without Discern, and in a program with it


def test_classify_py_says_the_same_where_discern_is_not_installed(job: Job, tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    for package in (np, onnxruntime, PIL):
        found = Path(package.__file__ or "").parent
        for part in (found, *found.parent.glob(f"{found.name.lower()}.libs"), found.parent / "pillow.libs"):
            if part.exists() and not (site / part.name).exists():
                (site / part.name).symlink_to(part)
    bundle = Path(shutil.copytree(job.bundle, tmp_path / "bundle"))
    there = f"""
import importlib.util, runpy, sys
sys.path[:0] = [{str(bundle)!r}, {str(site)!r}]
assert not any(importlib.util.find_spec(name) for name in ("discern", "concepts", "torch"))
sys.argv[:] = ["classify.py", {str(job.folder / "new")!r}, "--out", "scores.csv"]
runpy.run_path({str(bundle / "classify.py")!r}, run_name="__main__")
"""
    # -I and -S: no site-packages, no PYTHONPATH, and not the current folder.
    ended = run("-I", "-S", "-c", there, home=tmp_path / "home", cwd=tmp_path)
    assert ended.code == 0, ended
    alone = {Path(row["path"]).name: row for row in rows_of(tmp_path / "scores.csv")}
    product = {Path(row["path"]).name: row for row in rows_of(job.folder / "scores.csv")}
    assert alone.keys() == product.keys()
    for name, row in product.items():
        assert float(alone[name]["score"]) == pytest.approx(float(row["score"]), abs=VERY_CLOSE)
        assert alone[name]["decision"] == row["decision"]


def test_the_readmes_program_scores_pictures_with_the_bundle(job: Job, tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (program,) = (
        block.partition("```")[0] for block in readme.split("```python\n")[1:] if "load_bundle" in block
    )
    for before, after in (("messy-room", str(job.bundle)), ("new-pictures", str(job.folder / "new"))):
        assert program.count(f'"{before}"') == 1
        program = program.replace(f'"{before}"', repr(after))
    (tmp_path / "program.py").write_text(program, encoding="utf-8")
    (tmp_path / "cache").symlink_to(job.discern.home / "cache")
    ended = run(tmp_path / "program.py", home=tmp_path / "home", cwd=tmp_path, PYTHONPATH=str(ROOT))
    assert ended.code == 0, ended
    lines = [line.partition(" ") for line in ended.out.splitlines()]
    expected = {row["path"]: float(row["score"]) for row in rows_of(job.folder / "scores.csv")}
    assert {path: float(probability) for probability, _, path in lines} == {
        path: pytest.approx(score, abs=0.0005 + VERY_CLOSE) for path, score in expected.items()
    }


# What can't be done


@pytest.fixture(scope="module")
def refused(job: Job) -> Mapping[str, Ended]:
    """How wrong commands end; in words, each in a process of its own."""
    folder = job.folder / "refused"
    folder.mkdir()
    shutil.copytree(job.bundle, folder / "changed")
    with (folder / "changed" / "README.md").open("a") as card:
        card.write("One line more.\n")
    (folder / "words.csv").write_text("path,label\nellipse-0000.bmp,round\n")
    wrong: dict[str, tuple[object, ...]] = {
        "a concept that isn't there": ("concept", "train", "Nothing"),
        "a folder that isn't there": ("library", "add", folder / "nowhere"),
        "a bundle that isn't there": ("score", folder / "nowhere", "--out", folder / "scores.csv"),
        "a changed bundle": ("bundle", "check", folder / "changed"),
        "a changed bundle, scored": (
            "score", folder / "changed", job.folder / "new", "--out", folder / "scores.csv",
        ),
        "a name that is taken": ("concept", "new", NAME, "--description", "Another."),
        "words without a meaning": ("concept", "labels", "import", NAME, folder / "words.csv"),
        "an option that isn't there": ("concept", "train", NAME, "--fast"),
    }  # fmt: skip
    scored = ("score", job.bundle, job.folder / "new", "--out", folder / "scores.csv")
    wrong["another digest"] = (*scored, "--digest", "0" * 64)
    plain = ("a concept that isn't there", "an option that isn't there")
    as_json = {name: job.discern(*command, "--json") for name, command in wrong.items()}
    return as_json | {f"{name}, in words": job.discern.alone(*wrong[name]) for name in plain}


@pytest.mark.parametrize(
    ("wrong", "code", "about"),
    [
        ("a concept that isn't there", 1, "Nothing"),
        ("a folder that isn't there", 1, "nowhere"),
        ("a bundle that isn't there", 1, "nowhere"),
        ("a changed bundle, scored", 1, "README.md"),
        ("another digest", 1, "digest"),
        ("a name that is taken", 1, NAME),
        ("words without a meaning", 1, "round"),
        ("an option that isn't there", 2, "--fast"),
    ],
)
def test_a_refusal_is_one_json_object_with_what_to_do(
    refused: Mapping[str, Ended], wrong: str, code: int, about: str
) -> None:
    ended = refused[wrong]
    assert ended.code == code, ended
    assert about in ended.json["error"]
    assert type(ended.json["what_to_do"]) is str
    assert "Traceback" not in ended.err


def test_a_refusal_in_words_is_on_standard_error_alone(refused: Mapping[str, Ended]) -> None:
    for wrong, code, about in (
        ("a concept that isn't there", 1, "Nothing"),
        ("an option that isn't there", 2, "--fast"),
    ):
        ended = refused[f"{wrong}, in words"]
        assert (ended.code, ended.out) == (code, "")
        assert about in ended.err
        assert "Traceback" not in ended.err


def test_a_changed_bundle_is_found_changed_and_nothing_is_written_where_it_was_refused(
    job: Job, refused: Mapping[str, Ended]
) -> None:
    ended = refused["a changed bundle"]
    assert ended.code == 1
    assert any("README.md" in problem for problem in ended.json["problems"])
    assert not (job.folder / "refused" / "scores.csv").exists()


# A changed bundle


def test_a_digest_stands_for_a_bundle_and_its_zip(job: Job) -> None:
    expected = hashlib.sha256((job.bundle / "SHA256SUMS").read_bytes()).hexdigest()
    for bundle in (job.bundle, job.bundle.with_suffix(".zip")):
        assert job.discern("bundle", "digest", bundle).out == f"{expected}\n"
    assert job.discern.ask("bundle", "digest", job.bundle)["digest"] == expected


def test_a_changed_bundle_is_used_where_one_is_told_to_and_by_its_own_program_only_then(
    job: Job, refused: Mapping[str, Ended], tmp_path: Path
) -> None:
    bundle, out = job.folder / "refused" / "changed", tmp_path / "scores.csv"
    arguments = (bundle / "classify.py", job.folder / "new", "--out", out)
    ended = run(*arguments, home=tmp_path / "home", cwd=tmp_path)
    assert ended.code != 0
    assert "README.md" in ended.err
    assert not out.exists()
    ended = run(*arguments, "--accept-changed", home=tmp_path / "home", cwd=tmp_path)
    assert (ended.code, len(rows_of(out))) == (0, 16)
    job.discern.ask("score", bundle, job.folder / "new", "--out", out, "--accept-changed")
    assert rows_of(out) == rows_of(job.folder / "scores.csv")
