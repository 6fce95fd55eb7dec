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
from concepts.classifier.robustness import Perturbation, Robustness
from concepts.classifier.versions import ComparedFigure, VersionComparison
from concepts.errors import UnknownConceptError, UnknownVersionError
from concepts.learning.consistency import ReaskedLabels, consistency, under_definition
from concepts.learning.report import CutFigures, Metric, Slice
from concepts.workbench.certificates import CertificateView
from concepts.workbench.scores import ScoredFile
from web.http.downloads import download_routes
from web.http.problems import handle_problems
from web.render import render, url
from web.screens import check

NOTHING = Metric(name="precision", n=2, value=None, note="Too few to say: 3 more <b> needed (there are 2).")


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def version(**changes: Any) -> HeadView:
    about = {"number": 2, "kind": "linear", "definition": 1, "threshold": 0.5, "created": datetime.now(UTC)}
    return HeadView.model_validate(about | {"details": {}, "report": None} | changes)


def measured(at: CutFigures | None, **changes: Any) -> QualityView:
    figures = {"n": 9, "positives": 4, "simulated": 0, "waiting": 0, "new_answers": 0, "stale": False}
    figures |= {
        "rows": [],
        "curves": None,
        "pictures": 100,
        "flagged": None,
        "flagged_at": [],
        "next_look": 30,
        "answered": 9,
    }
    return QualityView.model_validate({"version": version(), "at": at, **figures, **changes})


def test_a_figure_with_too_few_answers_is_no_number_but_what_is_missing() -> None:
    row = CutFigures(threshold=0.5, flagged=2, right=1, precision=NOTHING, recall=NOTHING)
    html = check._main(measured(row), "Ball & co")
    assert "3 more &lt;b&gt; needed" in html
    assert "/label?concept=Ball+%26+co" in html
    assert html.count("data-known hidden") == 2
    assert "How many of those it flags are right: too few checked to say." in words(html)


def test_a_version_that_flags_nothing_that_was_checked_says_so() -> None:
    shown = words(check._main(measured(None), "Ball"))
    assert "flags none of the checked pictures" in shown
    assert 'id="threshold"' not in check._main(measured(None), "Ball")
    assert "Move the threshold" not in shown  # advice names only what is on the page


def line(**changes: Any) -> str:
    about = {"attempt": 1, "version": 2, "at_least": 0.9, "confidence": 0.95, "created": datetime.now(UTC)}
    about |= {"asked": 54, "answered": 12, "needed": 36, "complete": False, "threshold": None, "n": 0}
    about |= {"errors": 0, "more": 0, "kept_as": None, "sure_yes": None, "sure_no": None, "side": "yes"}
    about |= {"look_yourself": None, "sentence": "What came of it."}
    found = CertificateView.model_validate(about | changes)
    lines = {"yes": None, "no": None, found.side: found}
    takes = {side: {0.8: 17, 0.9: 36} for side in lines}
    return render("check/line.html", name="Ball", newest=2, takes=takes, lines=lines, not_at_random="97")


def test_a_line_says_how_far_it_is_then_what_came_of_it_and_what_to_do() -> None:
    assert "12 of 54 answered" in words(line())
    assert "What came of it." not in words(line())
    done = {"complete": True, "answered": 54, "n": 40}
    certified = line(**done, threshold=0.8, sure_yes=1300, look_yourself=700)
    assert "sure yes 1,300" in words(certified)
    assert "look yourself 700" in words(certified)
    assert 'data-action="keep-line"' in certified
    both = words(line(**done, side="no", threshold=0.1, sure_yes=300, sure_no=1300, look_yourself=400))
    assert "sure yes 300" in both
    assert "sure no 1,300" in both
    assert "look yourself 400" in both
    refused = line(**done, errors=2, more=12)
    assert "What came of it." in words(refused)
    assert 'data-action="certify"' in refused


def test_a_version_with_a_certified_line_shows_the_promise_and_no_measured_precision() -> None:
    promise = {"at_least": 0.9, "confidence": 0.95, "n": 40, "errors": 0, "floor": 0.7, "attempt": 1}
    certified = version(details={"certified": promise | {"made_from": 1, "day": "2026-11-25"}})
    row = CutFigures(threshold=0.5, flagged=2, right=1, precision=NOTHING, recall=NOTHING)
    shown = words(check._main(measured(row, version=certified), "Ball"))
    assert "With 95 % confidence at least 90 of 100 pictures above this line are right." in shown
    assert "is not said at a certified line" in shown


def test_simulated_answers_are_called_that() -> None:
    for simulated, said in ((0, "answered by you"), (9, "answers simulated"), (3, "3 answers simulated")):
        assert said in words(check._main(measured(None, simulated=simulated), "Ball"))


def test_what_the_figures_do_not_cover_is_said() -> None:
    said = "About 148 pictures (42 % of the library) look like nothing these figures were measured on."
    about = {"n_measured": 60, "n_library": 352, "share_unlike": 0.42, "unlike": 148}
    for sentence in (said, ""):
        covered = {**about, "p_value": 0.002, "sentence": sentence}
        shown = words(check._covered(measured(None, coverage=covered), "Ball"))
        assert (said in shown) == bool(sentence)


def test_how_often_the_person_said_the_same_twice_is_said_once_there_is_enough() -> None:
    said = [("yes", "yes"), ("no", "no"), ("no", "yes"), ("no", "no"), ("yes", "yes")]
    for times in (1, 2):
        twice = consistency(said * times, answers=60, people=1)
        shown = words(check._main(measured(None, consistency=twice), "Ball"))
        assert ("You answered 8 of 10 pictures the same way twice" in shown) == (times == 2)
        assert ("Yes became no 0 times, no became yes 2 times" in shown) == (times == 2)


def test_figures_say_under_which_words_the_answers_were_given_and_what_the_words_were() -> None:
    asked = ReaskedLabels(
        newest=3, most=2, answers=60, earlier=60, asked=20, answered=4, pairs=[("yes", "no")] * 4
    )
    view = measured(None, under=under_definition(asked, []))
    html = check._main(view, "Ball", [("same", "A ball"), ("removed", " of <any> kind")])
    assert "These figures are under definition 2" in words(html)
    assert "20 of them, drawn at random, come again" in words(html)
    assert "removed: of <any> kind" in words(html)
    assert "<any>" not in html


def test_parts_are_listed_with_their_counts_and_what_is_worst_in_words() -> None:
    share = Metric(name="precision", n=12, value=0.75, low=0.4281, high=0.9451)
    none = Metric(name="recall", n=0, value=None, note="None there to say it of.")
    parts = (Slice(kind="folder", name="<b>Milk", n=20, precision=share, recall=none),)
    report = SimpleNamespace(slices=parts, worst_slice="")
    html = render("check/parts.html", report=report)
    assert "&lt;b&gt;Milk" in html
    assert "9 of 12 (43–95 %) –" in words(html)
    assert "No part is surely worse than the rest." in words(html)
    weak = SimpleNamespace(slices=parts, worst_slice="Weakest in the folder “Milk”.")
    assert "Weakest in the folder “Milk”." in words(render("check/parts.html", report=weak))
    assert render("check/parts.html", report=SimpleNamespace(slices=(), worst_slice="")) == ""


def test_steadiness_is_asked_for_shown_and_asked_for_again_of_a_newer_version() -> None:
    assert "How steady is it?" in words(render("check/steady.html", job=None, found=None, newest=1))
    share = Metric(name="flipped", n=50, value=0.16, low=0.07, high=0.29)
    moved = Metric(name="moved", n=50, value=-0.03, low=-0.09, high=0.02)
    change = Perturbation(name="blurred", flipped=share, moved=moved)
    found = Robustness(
        version=1, threshold=0.5, n=50, left_out=2, changes=[change], sentence="Least steady …"
    )
    said = words(render("check/steady.html", job=None, found=found, newest=1))
    assert "blurred 8 of 50 (7–29 %) -3 (-9 to +2)" in said
    assert "Version 1 on 50 answered pictures; 2 files can’t be read any more." in said
    assert "Look again" in said
    newer = words(render("check/steady.html", job=None, found=found, newest=2))
    assert "How steady is version 2?" in newer


def test_a_difference_that_may_be_chance_is_called_no_sure_one() -> None:
    def compared(value: float, low: float, high: float) -> str:
        share = Metric(name="f1", n=50, value=value, low=low, high=high)
        figure = ComparedFigure(name="f1", one=share, other=share, difference=share)
        found = VersionComparison(one=1, other=2, n=50, figures=[figure], differently=3)
        return words(render("results/compared.html", found=found))

    assert "no sure difference" in compared(0.1, -0.1, 0.3)
    assert "version 2 is better" in compared(0.2, 0.1, 0.3)
    assert "version 1 is better" in compared(-0.2, -0.3, -0.1)


def test_scores_of_the_whole_library_are_listed_as_such() -> None:
    file = ScoredFile(
        job=7, folder="", version=3, suffix="csv", rows=12, yes=3, skipped=0, finished=datetime.now(UTC)
    )
    said = words(render("results/score.html", version=3, files=[file], demo=False))
    assert "Your library, version 3 12 pictures, 3 flagged" in said


@pytest.fixture
def downloads(tmp_path: Path) -> TestClient:
    file = tmp_path / "ball-v2.zip"
    file.write_bytes(b"zip")

    def bundle(version: int, *_: object, **__: object) -> Path:
        if version != 2:
            raise UnknownVersionError("It has no such version.")
        return file

    def concept(name: str) -> SimpleNamespace:
        if name != "Ball/s":
            raise UnknownConceptError("There is no such concept.")
        return SimpleNamespace(exports=SimpleNamespace(bundle=bundle))

    bench: Any = SimpleNamespace(concept=concept)
    app = FastAPI()
    handle_problems(app)
    app.include_router(download_routes(bench))
    return TestClient(app)


def test_a_bundle_is_downloaded_under_its_name(downloads: TestClient) -> None:
    answer = downloads.get(url("/app/bundles/2.zip", "Ball/s"))
    assert (answer.status_code, answer.content) == (200, b"zip")
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
