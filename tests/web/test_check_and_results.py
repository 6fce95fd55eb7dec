"""The words of the figures, and downloads, without a browser."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from concepts.bundle.usage import over_rest
from concepts.classifier.quality import HeadView, QualityView
from concepts.errors import UnknownError
from concepts.labelling.dataset import AnswerCount
from concepts.learning.report import Curves, CutFigures, Metric
from concepts.workbench.concept_views import ConceptView
from web.http.downloads import download_routes
from web.http.problems import handle_problems
from web.render import url
from web.screens import check

CURVES = Curves(
    precision=(1, 0.5),
    recall=(0.5, 1),
    reliability=(),
    histogram_edges=(0, 0.5, 1),
    histogram_yes=(1, 3),
    histogram_no=(4, 1),
)
NOTHING = Metric(name="precision", n=2, value=None, note="Too few to say: 3 more <b> needed (there are 2).")


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def version(**changes: Any) -> HeadView:
    about = {"number": 2, "kind": "linear", "definition": 1, "threshold": 0.5, "created": datetime.now(UTC)}
    return HeadView.model_validate(about | {"details": {}, "report": None} | changes)


def measured(at: CutFigures | None, **changes: Any) -> QualityView:
    shown: dict[str, Any] = {
        "n": 9,
        "positives": 4,
        "simulated": 0,
        "waiting": 0,
        "new_answers": 0,
        "stale": False,
    }
    shown |= {
        "rows": [],
        "curves": None,
        "pictures": 100,
        "flagged": None,
        "flagged_at": [],
        "next_look": 30,
        "answered": 9,
        "to_go": 21,
    }
    return QualityView.model_validate({"version": version(), "at": at, **shown, **changes})


def view(**changes: Any) -> ConceptView:
    """A concept with one version."""
    about = {"id": 1, "name": "Ball & co", "created": datetime.now(UTC), "revisions": 1, "candidates": 0}
    about |= {"answers": AnswerCount(), "advice": "", "rare": "", "annotated": 0, "conflicts": []}
    return ConceptView.model_construct(**(about | {"heads": [version()]} | changes))  # type: ignore[arg-type]


def figures(quality: QualityView) -> str:
    return check._figures(view(), quality)


def test_a_figure_with_too_few_labels_is_no_number_but_what_is_missing() -> None:
    row = CutFigures(threshold=0.5, flagged=2, right=1, precision=NOTHING, recall=NOTHING)
    quality = measured(row, curves=CURVES)
    html = check._main(quality, "Ball & co")
    assert "3 more &lt;b&gt; needed" in figures(quality)
    assert "/label?concept=Ball+%26+co" in html
    assert html.count("data-known hidden") == 2
    assert "right: too few tested" in words(html)


def test_a_share_whose_range_is_wide_is_its_range_alone() -> None:
    wide = Metric(name="precision", n=9, value=0.97, low=0.03, high=1)
    narrow = Metric(name="recall", n=90, value=0.68, low=0.51, high=0.8)
    row = CutFigures(threshold=0.5, flagged=2, right=1, precision=wide, recall=narrow)
    shown = words(check._main(measured(row, curves=CURVES), "Ball"))
    assert "3–100 % right" in shown
    assert "68 % found (51–80 %)" in shown
    assert "97 %" not in shown


def test_a_version_with_a_guarantee_shows_the_promise_and_no_measured_precision() -> None:
    promise = {"at_least": 0.9, "confidence": 0.95, "n": 40, "errors": 0, "floor": 0.7, "attempt": 1}
    certified = version(details={"certified": promise | {"made_from": 1, "day": "2026-11-25"}})
    row = CutFigures(threshold=0.5, flagged=2, right=1, precision=NOTHING, recall=NOTHING)
    shown = words(check._main(measured(row, version=certified, curves=CURVES), "Ball"))
    assert "With 95 % confidence at least 90 of 100 pictures above the threshold are right." in shown
    assert "too few tested" in shown  # of what it finds
    assert "right: too few tested" not in shown


def test_simulated_labels_are_called_that() -> None:
    for simulated, said in (
        (0, "9 test pictures, 4 count."),
        (9, "labels simulated"),
        (3, "3 labels simulated"),
    ):
        assert said in words(check._main(measured(None, simulated=simulated), "Ball"))


def test_how_many_test_labels_are_of_an_earlier_description_is_said_with_a_way_to_them() -> None:
    said = "60 of 66 test labels were given under an earlier description."
    html = check._main(measured(None, earlier=said, to_label_again=16), "Ball")
    assert said in words(html)
    assert "Label 16 again" in words(html)
    assert "reason=older_test_label" in html


@pytest.fixture
def downloads(tmp_path: Path) -> TestClient:
    file = tmp_path / "ball-v2.zip"
    file.write_bytes(b"zip")

    def bundle(version: int, *_: object, **__: object) -> Path:
        if version != 2:
            raise UnknownError("It has no such version.", "version")
        return file

    def concept(name: str) -> SimpleNamespace:
        if name != "Ball/s":
            raise UnknownError("There is no such concept.", "concept")
        return SimpleNamespace(exports=SimpleNamespace(bundle=bundle))

    bench: Any = SimpleNamespace(
        concept=concept,
        rules=SimpleNamespace(archive=lambda name, page: file),
        scoring=SimpleNamespace(file=lambda job: file),
    )
    app = FastAPI()
    handle_problems(app)
    app.include_router(download_routes(bench))
    return TestClient(app)


def test_what_is_made_is_downloaded_under_its_name(downloads: TestClient) -> None:
    for address in (url("/app/bundles/2.zip", "Ball/s"), "/app/rule.zip?name=Odd", "/app/scores/1"):
        answer = downloads.get(address)
        assert (answer.status_code, answer.content) == (200, b"zip"), address
        assert 'filename="ball-v2.zip"' in answer.headers["content-disposition"]
        assert "no-cache" in answer.headers["cache-control"]


@pytest.mark.parametrize(("concept", "version", "status"), [("Cube", 2, 404), ("Ball/s", 3, 404)])
def test_what_is_not_there_is_said(downloads: TestClient, concept: str, version: int, status: int) -> None:
    answer = downloads.get(f"/app/bundles/{version}.zip", params={"concept": concept})
    assert answer.status_code == status
    assert "no such" in answer.json()["detail"]


def test_a_download_is_named_by_a_number_and_never_by_a_path(downloads: TestClient) -> None:
    for path in ("/app/scores/..%2f..%2fsecret", "/app/bundles/..%2fx.zip?concept=Ball/s"):
        assert downloads.get(path).status_code in (404, 422)
    for number in (2**31, 2**63, 10**40, 0, -1):
        for path in (f"/app/scores/{number}", f"/app/bundles/{number}.zip?concept=Ball/s"):
            assert downloads.get(path).status_code == 422, path


def test_the_rest_lines_name_routes_that_exist() -> None:
    from web.api import create_api

    bench: Any = SimpleNamespace()
    known = create_api(bench).openapi()["paths"]
    patterns = [re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)) + "$") for path in known]
    lines = [line for line in over_rest("Red ball", 3).splitlines() if line.startswith("curl")]
    assert len(lines) == 4
    for line in lines:
        address = next(word for word in shlex.split(line) if word.startswith("$API"))
        path = urlsplit(address.removeprefix("$API")).path
        assert any(pattern.match(path) for pattern in patterns), path
