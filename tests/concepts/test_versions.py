"""Training in the background, quality, another threshold, going back, comparing, bundles and scores.

The answers are simulated: a drawing counts if its file is called ellipse.
"""

from __future__ import annotations

import shutil
import time
import uuid
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from drawing import draw_folder

from concepts.bundle.load import load_bundle
from concepts.encoders import load_encoder
from concepts.encoders.base import Encoder
from concepts.errors import DiscernError, NotEnoughLabelsError
from concepts.labelling import rechecks
from concepts.labelling.reasons import Reason
from concepts.learning import waves
from concepts.settings import load_settings
from concepts.workbench import Workbench
from concepts.workbench.context import SharedResources
from concepts.workbench.labels import GivenLabel
from concepts.workbench.versions import RANKED, STEPS
from storage.labels import Author

NAME = "Round thing"
SIMULATED = Author("simulation", "simulated")


def answer(bench: Workbench, purpose: str, n: int, author: Author = SIMULATED) -> None:
    for picture in bench.concept(NAME).labels.next_pictures(n, purpose=purpose):  # type: ignore[arg-type]
        value = "yes" if "ellipse" in picture.path else "no"
        bench.concept(NAME).labels.give(
            picture.id, value, author=author.name, simulated=author.kind == "simulated", key=uuid.uuid4().hex
        )


def work_off(bench: Workbench) -> None:
    """Runs what waits, as the background threads do."""
    while (job := next((j for j in bench.jobs.store.recent() if j.state == "queued"), None)) is not None:
        bench.jobs.resume(job.id)


@pytest.fixture(scope="module")
def made_trained(made_library: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with 27 evaluation pictures and 30 others answered, and one version trained."""
    home = tmp_path_factory.mktemp("trained") / "home"
    shutil.copytree(made_library[0], home)
    bench = Workbench(load_settings(home=home))
    bench.concepts.begin(NAME, "A filled ellipse, not a rectangle.")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(waves, "SHARE", 0.3)  # of 91 pictures: figures need ten of each kind
        answer(bench, "evaluation", 100)
    for _ in range(3):
        answer(bench, "train", 10)
    bench.jobs.start()
    bench.concept(NAME).versions.train()
    while any(job.state in ("queued", "running") for job in bench.jobs.store.recent()):
        time.sleep(0.02)
    bench.close()
    return home


@pytest.fixture
def trained(made_trained: Path, own_home: Path) -> Workbench:
    """A copy of it for each test."""
    shutil.copytree(made_trained, own_home)
    return Workbench(load_settings())


def test_that_the_library_is_ranked_is_told_before_it_is_measured(
    trained: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = trained.concept(NAME).versions.evaluate(1).id
    told: list[tuple[int, int | None]] = []

    def noted(*_: object) -> None:
        now = trained.jobs.store.get(job)
        told.append((now.done, now.total))
        raise DiscernError("That will do.")

    monkeypatch.setattr("concepts.workbench.versions.evaluate", noted)
    monkeypatch.setattr("concepts.jobs.progress.REPORT_EVERY", 3600)
    with pytest.raises(DiscernError, match="That will do"):
        trained.jobs.resume(job)
    assert told == [(RANKED, STEPS)]


def test_a_training_in_the_background_measures_scores_and_draws_the_curve(trained: Workbench) -> None:
    kinds = {job.kind: job for job in trained.jobs.store.recent()}
    result = kinds["train"].result or {}
    assert (result["version"], result["number"], result["new"], result["measured"]) == (1, 1, True, True)
    view = trained.concept(NAME).versions.quality()
    assert (view.version.number, view.n, view.simulated, view.waiting) == (1, 27, 27, 0)
    assert view.version.report is not None
    shuffled = next(b for b in view.version.report.baselines if b.name == "answers shuffled")
    assert shuffled.p_value is not None
    assert any("by chance: p = " in sentence for sentence in view.version.report.sentences)
    assert not view.stale
    curve = trained.concept(NAME).versions.learning_curve()
    assert [point.labels for point in curve] == [5, 10, 15, 20, 30]
    assert all(point.low <= point.value <= point.high for point in curve)


def test_training_again_without_a_new_answer_keeps_the_version(trained: Workbench) -> None:
    trained.concept(NAME).versions.train()
    work_off(trained)
    assert len(trained.concept(NAME).definition.read().heads) == 1
    trained.concept(NAME).versions.train(target="precision=0.9")
    work_off(trained)
    assert len(trained.concept(NAME).definition.read().heads) == 2


def test_the_figures_at_the_threshold_are_those_of_the_report(trained: Workbench) -> None:
    view = trained.concept(NAME).versions.quality()
    assert view.at is not None
    report = view.version.report
    assert report is not None
    for metric in report.metrics:
        if metric.name in ("precision", "recall"):
            mine = getattr(view.at, metric.name)
            assert mine.value == pytest.approx(metric.value)
            assert mine.low == pytest.approx(metric.low)
    assert view.flagged == view.flagged_at[0] - sum(
        p.probability < view.version.threshold for p in all_scored(trained)
    )


def all_scored(bench: Workbench) -> list:  # type: ignore[type-arg]
    page = bench.concept(NAME).scores.page("bottom", limit=500)
    assert page is not None
    return page.pictures


def test_before_an_answer_to_measure_with_a_version_has_no_figures_but_scores(bench: Workbench) -> None:
    answer(bench, "train", 10)
    bench.concept(NAME).versions.train()
    work_off(bench)
    view = bench.concept(NAME).versions.quality()
    assert (view.n, view.rows, view.at, view.curves) == (0, [], None, None)
    assert view.flagged is not None
    assert bench.concept(NAME).versions.learning_curve() == []


@pytest.mark.parametrize(("said", "counts"), [(None, "0 yes and 0 no"), ("yes", "3 yes and 0 no")])
def test_without_a_yes_and_a_no_nothing_is_trained(bench: Workbench, said: str | None, counts: str) -> None:
    for picture in bench.concept(NAME).labels.next_pictures(3) if said else []:
        bench.concept(NAME).labels.give(
            picture.id,
            said or "",
            author=SIMULATED.name,
            simulated=SIMULATED.kind == "simulated",
            key=uuid.uuid4().hex,
        )
    with pytest.raises(NotEnoughLabelsError, match=counts):
        bench.concept(NAME).versions.train()
    assert bench.concept(NAME).versions.all() == []
    assert [job.kind for job in bench.jobs.store.recent()] == ["add pictures"]


def test_a_version_that_learned_nothing_is_not_exported(trained: Workbench, tmp_path: Path) -> None:
    """Data folders of before 0.1.0 may hold one: it calls every picture a yes."""
    newest = trained.context.heads.get(1)
    assert newest is not None
    older = replace(newest, number=0, kind="text", details={"labels": []})
    number = trained.context.heads.add(1, older).number
    refused = f"Version {number} has learned from no yes and no"
    with pytest.raises(NotEnoughLabelsError, match=refused):
        trained.concept(NAME).exports.write(tmp_path / "out")
    with pytest.raises(NotEnoughLabelsError, match=refused):
        trained.concept(NAME).exports.bundle()
    assert not (tmp_path / "out").exists()


def test_another_evaluation_answer_makes_the_report_stale_until_it_is_measured_again(
    trained: Workbench,
) -> None:
    picture = next(iter(trained.context.store.evaluation_pictures(1)))
    trained.concept(NAME).labels.give(picture, "unsure", author="ana", key="a")
    assert trained.concept(NAME).versions.quality().stale
    trained.concept(NAME).versions.evaluate(1)
    work_off(trained)
    view = trained.concept(NAME).versions.quality()
    assert (view.stale, view.n) == (False, 26)


def test_an_answer_given_with_the_machine_in_view_is_kept_and_measures_nothing(trained: Workbench) -> None:
    report = trained.concept(NAME).versions.measure()
    measuring = [m for m in trained.review.queue(NAME, Reason.MISTAKE).rows if m.purpose == "evaluation"]
    assert measuring
    for number, mistake in enumerate(measuring):
        other = "no" if mistake.label == "yes" else "yes"
        trained.concept(NAME).labels.give(mistake.id, other, author="ana", key=f"{number}", in_view=True)
    assert [m for m in trained.review.queue(NAME, Reason.MISTAKE).rows if m.purpose == "evaluation"] == []
    assert trained.concept(NAME).versions.measure().metrics == report.metrics


def test_a_question_asked_again_changes_no_figure_and_says_how_consistent_the_person_is(
    trained: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rechecks, "SHARE", 1)
    measuring = list(trained.context.store.evaluation_pictures(1))
    votes = trained.context.dataset(trained.context.concept(NAME)).blind
    labels = trained.concept(NAME).labels
    first = {f"first {i}": GivenLabel(picture=i, value=votes[i].value) for i in measuring}
    labels.commit(first, Author("ana"))
    before = trained.concept(NAME).versions.measure()
    assert before.consistency is None
    second = {f"second {i}": GivenLabel(picture=i, value="no", repeat=True) for i in measuring[:20]}
    labels.commit(second, Author("ana"))
    report = trained.concept(NAME).versions.measure()
    assert (report.metrics, report.labels) == (before.metrics, before.labels)
    changed = sum(votes[i].value == "yes" for i in measuring[:20])
    assert changed
    twice = report.consistency
    assert twice is not None
    assert (twice.n, twice.yes_to_no, twice.no_to_yes, twice.answers) == (20, changed, 0, len(measuring))
    assert f"You answered {20 - changed} of 20 pictures the same way twice" in " ".join(report.sentences)
    view = trained.concept(NAME).versions.quality()
    assert (view.stale, view.consistency) == (False, twice)


def test_a_mistake_corrected_by_a_person_is_gone(trained: Workbench) -> None:
    page = trained.concept(NAME).scores.page("top", limit=91)
    assert page is not None
    picture = max(page.pictures, key=lambda scored: scored.probability).id
    trained.concept(NAME).labels.give(picture, "no", author="ana", key="a")
    found = [m for m in trained.review.queue(NAME, Reason.MISTAKE).rows if m.id == picture]
    assert [m.label for m in found] == ["no"]
    trained.concept(NAME).labels.give(picture, "yes", author="ana", key="b", comment="It is round.")
    assert picture not in [m.id for m in trained.review.queue(NAME, Reason.MISTAKE).rows]


def test_a_threshold_set_by_hand_is_a_version_of_its_own_that_says_so(trained: Workbench) -> None:
    assert trained.concept(NAME).versions.use(1, 0.9, author="ana").wait().version == 2
    work_off(trained)
    old, new = trained.concept(NAME).definition.read().heads
    assert (new.threshold, new.details["threshold_by"], new.details["made_from"]) == (0.9, "ana", 1)
    assert old.threshold != 0.9
    assert new.report is not None
    assert "each threshold there was to choose from" in " ".join(new.report.notes)
    assert "each threshold there was to choose from" in trained.concept(NAME).exports.card()
    assert "each threshold there was to choose from" not in trained.concept(NAME).exports.card(1)


@pytest.mark.parametrize("threshold", [0, 1, 1.5, float("nan")])
def test_no_threshold_outside_0_and_1(trained: Workbench, threshold: float) -> None:
    with pytest.raises(DiscernError, match="between 0 and 1"):
        trained.concept(NAME).versions.use(1, threshold, author="ana").wait()


def test_going_back_keeps_the_older_version_once_more(trained: Workbench) -> None:
    answer(trained, "train", 10)
    trained.concept(NAME).versions.train().wait()
    assert trained.concept(NAME).versions.use(1, author="ana").wait().version == 3
    first, third = trained.context.heads.get(1, 1), trained.context.heads.get(1, 3)
    assert first
    assert third
    assert (third.weights, third.bias, third.threshold) == (first.weights, first.bias, first.threshold)
    assert third.details["copy_of"] == 1
    assert trained.concept(NAME).versions.quality().version.number == 3


def test_a_version_compared_with_its_copy_differs_in_nothing(trained: Workbench) -> None:
    trained.concept(NAME).versions.use(1, author="ana").wait()
    found = trained.concept(NAME).versions.compare(1, 2)
    assert (found.n, found.differently) == (27, 0)
    for figure in found.figures:
        assert (figure.difference.value, figure.difference.low, figure.difference.high) == (0, 0, 0)


def test_another_threshold_changes_recall_and_not_the_ranking(trained: Workbench) -> None:
    trained.concept(NAME).versions.use(1, 0.999, author="ana").wait()
    found = {f.name: f for f in trained.concept(NAME).versions.compare(1, 2).figures}
    assert found["average_precision"].difference.value == 0
    assert found["recall"].difference.value is not None
    assert found["recall"].difference.value < 0


def test_a_bundle_is_written_once_and_again_after_measuring(trained: Workbench) -> None:
    archive = trained.concept(NAME).exports.bundle()
    assert archive.name == "round-thing-v1.zip"
    with zipfile.ZipFile(archive) as members:
        inside = set(members.namelist())
    exported = trained.concept(NAME).exports.write(archive.parent / "by hand" / "round-thing-v1", version=1)
    written_by_hand = {f"round-thing-v1/{file.name}" for file in Path(exported.folder).iterdir()}
    assert {"round-thing-v1/head.onnx", "round-thing-v1/SHA256SUMS"} <= inside
    assert inside == written_by_hand
    archive = trained.concept(NAME).exports.bundle()
    written = archive.stat().st_mtime_ns
    assert trained.concept(NAME).exports.bundle().stat().st_mtime_ns == written
    trained.concept(NAME).versions.measure()
    assert trained.concept(NAME).exports.bundle().stat().st_mtime_ns > written


def test_concepts_that_share_the_encoder_go_into_one_file(trained: Workbench, tmp_path: Path) -> None:
    assert trained.concept(NAME).exports.could_go_along() == []
    trained.concepts.begin("Square thing", "The same, for once.")
    other, head = trained.context.concept("Square thing"), trained.concept(NAME).versions.head()
    trained.context.heads.add(other.id, head)
    assert trained.concept(NAME).exports.could_go_along() == ["Square thing"]
    exported = trained.concept(NAME).exports.write(tmp_path / "both", also=["Square thing"])
    assert exported.concepts == {NAME: 1, "Square thing": 1}
    assert load_bundle(tmp_path / "both").columns == (NAME, "Square thing")
    archive = trained.concept(NAME).exports.bundle(also=["Square thing"])
    assert archive != trained.concept(NAME).exports.bundle()
    assert load_bundle(archive).columns == (NAME, "Square thing")
    scored = trained.scoring.score(tmp_path / "both.zip", [], tmp_path / "scores.parquet").wait()
    assert pq.read_table(scored.out).column_names[2:] == [
        f"{name}: {kind}" for name in (NAME, "Square thing") for kind in ("score", "decision")
    ]
    with pytest.raises(DiscernError, match="more than once"):
        trained.concept(NAME).exports.write(tmp_path / "twice", also=[NAME])


@pytest.mark.parametrize("kept", [True, False], ids=["its facts are kept", "they are damaged"])
def test_after_a_restart_the_library_is_scored_without_loading_the_encoder(
    trained: Workbench, kept: bool
) -> None:
    """As long as it is known what the encoder is, which the file would say."""
    trained.jobs.resume(trained.concept(NAME).scores.score_files("", 1, "csv").id)
    encoder = trained.context.collection.recorded()
    if not kept:
        (trained.context.settings.cache / f"{encoder.fingerprint}.json").write_text("{}")
    loaded: list[str] = []

    def load(name: str, **more: Any) -> Encoder:
        loaded.append(name)
        return load_encoder(name, **more)

    again = Workbench(load_settings(), SharedResources(load=load))
    job = again.concept(NAME).scores.score_files("", 1, "csv").id
    again.jobs.resume(job)
    before = trained.concept(NAME).scores.files()
    assert again.scoring.file(job).read_bytes() == trained.scoring.file(before[-1].job).read_bytes()
    assert loaded == ([] if kept else [encoder.name])
    again.close()


def test_a_new_folder_is_scored_into_a_file_to_download(trained: Workbench, tmp_path: Path) -> None:
    folder = draw_folder(tmp_path / "new", 9, first_seed=900)
    job = trained.concept(NAME).scores.score_files(str(folder), 1, "parquet").id
    with pytest.raises(DiscernError, match="no scores"):
        trained.scoring.file(job)
    work_off(trained)
    table = pq.read_table(trained.scoring.file(job))
    assert table.num_rows == 9
    assert np.isfinite(table["score"].to_numpy()).all()


def test_only_a_file_that_scoring_wrote_can_be_downloaded(trained: Workbench) -> None:
    train_job = next(j.id for j in trained.jobs.store.recent() if j.kind == "train")
    with pytest.raises(DiscernError, match="no scores"):
        trained.scoring.file(train_job)
    with pytest.raises(DiscernError, match="isn't there"):
        trained.concept(NAME).scores.score_files("/no/such/folder", 1, "csv")


def test_the_surest_are_ranked_by_look_alikes_too_until_an_older_version_is_in_use(
    trained: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = trained.concept(NAME).scores.ranked("top", limit=91)
    assert page.by_look_alikes
    head = trained.context.head(trained.context.concept(NAME), 1)
    alone = trained.context.scores.of(head, trained.context.collection.index()).probability
    assert {p.id: p.probability for p in page.pictures} == dict(alone.top(91))
    assert not trained.concept(NAME).scores.ranked("borderline").by_look_alikes
    answer(trained, "train", 5)
    trained.concept(NAME).versions.train().wait()
    assert trained.concept(NAME).scores.ranked("top").by_look_alikes
    trained.context.background.submit(lambda: None).result(20)
    trained.context.scores.__init__()  # type: ignore[misc]  # as after a restart
    assert not trained.concept(NAME).scores.ranked("top", version=1).by_look_alikes
    trained.context.background.submit(lambda: None).result(20)
    trained.context.scores.__init__()  # type: ignore[misc]
    monkeypatch.setattr("concepts.library.neighbourhood.LARGEST", 90)
    assert not trained.concept(NAME).scores.ranked("top").by_look_alikes


def test_a_library_too_large_to_wait_for_is_scored_by_a_job(
    trained: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("concepts.workbench.context.SCORED_AT_ONCE", 10)
    trained.context.scores.__init__()  # type: ignore[misc]  # as after a restart
    assert trained.concept(NAME).scores.page("top") is None
    assert trained.concept(NAME).versions.quality().flagged is None
    trained.concept(NAME).scores.score_library(1)
    work_off(trained)
    page = trained.concept(NAME).scores.page("top")
    assert page is not None
    assert page.total == 91
