"""Training in the background, quality, another threshold, going back, comparing, bundles and scores.

The answers are simulated: a drawing counts if its file is called ellipse.
"""

from __future__ import annotations

import shutil
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from answering import answer
from drawing import draw_folder

from concepts.bundle.load import load_bundle
from concepts.classifier.quality import quality
from concepts.encoders import load_encoder
from concepts.encoders.base import Encoder
from concepts.errors import DiscernError, NotEnoughLabelsError
from concepts.labelling import rechecks
from concepts.labelling.reasons import Reason
from concepts.learning import waves
from concepts.settings import load_settings
from concepts.workbench import Concept, Workbench
from concepts.workbench.context import SharedResources
from concepts.workbench.labels import GivenLabel
from concepts.workbench.versions import RANKED, STEPS
from storage.labels import Author

NAME = "Round thing"


def answer_next(bench: Workbench, n: int, purpose: str = "train", *, always: str = "") -> None:
    found = bench.concept(NAME).labels.next_pictures(n, purpose=purpose)  # type: ignore[arg-type]
    answer(bench, NAME, [picture.id for picture in found], always=always)


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
        answer_next(bench, 100, "evaluation")
    for _ in range(3):
        answer_next(bench, 10)
    bench.jobs.start()
    bench.concept(NAME).versions.train()
    while any(job.state in ("queued", "running") for job in bench.jobs.store.recent()):
        time.sleep(0.02)
    bench.close()
    return home


@pytest.fixture
def concept(trained: Workbench) -> Concept:
    return trained.concept(NAME)


def test_that_the_library_is_ranked_is_told_before_it_is_measured(
    trained: Workbench, concept: Concept, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = concept.versions.evaluate(1).id
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


def test_a_training_in_the_background_measures_and_scores(trained: Workbench, concept: Concept) -> None:
    kinds = {job.kind: job for job in trained.jobs.store.recent()}
    result = kinds["train"].result or {}
    assert (result["version"], result["number"], result["new"], result["measured"]) == (1, 1, True, True)
    view = concept.versions.quality()
    assert (view.version.number, view.n, view.simulated, view.waiting) == (1, 27, 27, 0)
    assert not view.stale
    report = view.version.report
    assert report is not None
    assert report.baselines[0].name == "searching for the words"
    assert view.at is not None
    assert (view.at.precision, view.at.recall) == (report.metric("precision"), report.metric("recall"))
    page = concept.scores.page("bottom", limit=500)
    assert page is not None
    assert view.flagged == sum(one.probability >= view.version.threshold for one in page.pictures)


def trained_again(concept: Concept, target: str = "f1") -> tuple[int, bool]:
    done = concept.versions.train(target=target).wait()
    return done.version, done.new


def test_training_again_with_nothing_new_to_learn_keeps_the_version(concept: Concept) -> None:
    assert trained_again(concept) == (1, False)
    for target in ("precision=0.9", "recall=0.9"):
        version, is_new = trained_again(concept, target)
        assert is_new
        assert trained_again(concept, target) == (version, False)


def test_a_label_that_nothing_learns_from_makes_no_new_version(trained: Workbench, concept: Concept) -> None:
    taught = set(trained.context.dataset(concept.row).training.ids)
    picture = next(iter(concept.labels.decisions().keys() - taught))
    concept.labels.give(picture, "yes", author="ana", key="test picture, once more")
    assert trained_again(concept) == (1, False)


def test_what_a_contact_sheet_teaches_makes_a_new_version(concept: Concept) -> None:
    sheet = [picture.id for picture in concept.labels.contact_sheet()]
    concept.labels.answer_sheet(sheet, [], author="ana")
    assert trained_again(concept) == (2, True)


def test_before_an_answer_to_measure_with_a_version_has_no_figures_but_scores(bench: Workbench) -> None:
    answer_next(bench, 10)
    versions = bench.concept(NAME).versions
    versions.train()
    work_off(bench)
    view = versions.quality()
    assert (view.n, view.rows, view.at, view.curves) == (0, [], None, None)
    assert view.flagged is not None
    with pytest.raises(NotEnoughLabelsError) as caught:
        versions.measure()
    assert caught.value.purpose == "evaluation"


@pytest.mark.parametrize(("said", "counts"), [("", "0 yes and 0 no"), ("yes", "3 yes and 0 no")])
def test_without_a_yes_and_a_no_nothing_is_trained(bench: Workbench, said: str, counts: str) -> None:
    if said:
        answer_next(bench, 3, always=said)
    with pytest.raises(NotEnoughLabelsError, match=counts):
        bench.concept(NAME).versions.train()
    assert bench.concept(NAME).versions.all() == []
    assert [job.kind for job in bench.jobs.store.recent()] == ["add pictures"]


def test_another_evaluation_answer_makes_the_report_stale_until_it_is_measured_again(
    trained: Workbench, concept: Concept
) -> None:
    picture = next(iter(trained.context.store.evaluation_pictures(1)))
    concept.labels.give(picture, "unsure", author="ana", key="a")
    assert concept.versions.quality().stale
    concept.versions.measure(1)
    view = concept.versions.quality()
    assert (view.stale, view.n) == (False, 26)


def test_figures_that_can_come_at_once_wait_for_no_more_test_labels(
    trained: Workbench, concept: Concept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("concepts.labelling.dataset.to_go", lambda answered, pictures: 60)
    assert concept.versions.quality().to_go == 60
    view = quality(concept.dataset(), concept.versions.head(), None, None)
    assert (view.stale, view.to_go) == (True, 0)


def test_label_asks_for_test_labels_until_the_figures_say_how_good_the_version_is(
    trained: Workbench, concept: Concept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waves, "SHARE", 0.9)
    assert concept.dataset().to_next_figures == 3
    assert concept.labels.advice().progress.endswith("3 test labels to the next figures")
    monkeypatch.setattr("concepts.learning.report.WIDE", 1)
    assert "to go" not in concept.labels.advice().progress


def test_an_answer_given_with_the_machine_in_view_is_kept_and_measures_nothing(
    trained: Workbench, concept: Concept
) -> None:
    def mistakes() -> list[tuple[str, str]]:
        rows = trained.review.queue(NAME, Reason.MISTAKE).rows
        return [(row.id, row.label) for row in rows if row.purpose == "evaluation"]

    report, measuring = concept.versions.measure(), mistakes()
    assert measuring
    for picture, label in measuring:
        other = "no" if label == "yes" else "yes"
        concept.labels.give(picture, other, author="ana", key=picture, in_view=True)
    assert mistakes() == []
    assert concept.versions.measure().metrics == report.metrics


def test_a_question_asked_again_changes_no_figure_and_says_how_consistent_the_person_is(
    trained: Workbench, concept: Concept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rechecks, "SHARE", 1)
    measuring = list(trained.context.store.evaluation_pictures(1))
    votes = trained.context.dataset(concept.row).blind
    first = {f"first {i}": GivenLabel(picture=i, value=votes[i].value) for i in measuring}
    concept.labels.commit(first, Author("ana"))
    before = concept.versions.measure()
    assert before.consistency is None
    second = {f"second {i}": GivenLabel(picture=i, value="no", repeat=True) for i in measuring[:20]}
    concept.labels.commit(second, Author("ana"))
    report = concept.versions.measure()
    assert (report.metrics, report.labels) == (before.metrics, before.labels)
    changed = sum(votes[i].value == "yes" for i in measuring[:20])
    assert changed
    twice = report.consistency
    assert twice is not None
    assert (twice.n, twice.yes_to_no, twice.no_to_yes, twice.answers) == (20, changed, 0, len(measuring))
    assert f"You labelled {20 - changed} of 20 pictures the same way twice" in " ".join(report.sentences)
    view = concept.versions.quality()
    assert (view.stale, view.consistency) == (False, twice)


def test_labels_that_it_learned_from_dont_flatter_what_is_said_of_unlabelled_finds(bench: Workbench) -> None:
    """Test pictures are all a no, so nothing unlabelled counts; what was taught is flagged rightly."""
    answer_next(bench, 18, "evaluation", always="no")
    for _ in range(3):
        answer_next(bench, 10)
    concept = bench.concept(NAME)
    concept.versions.train().wait()
    concept.versions.use(1, 0.01, author="ana").wait()
    report = concept.versions.measure()
    overall, new = report.metric("precision"), report.unlabelled
    assert overall is not None
    assert new is not None
    assert (overall.value or 0) > 0
    assert (new.value, new.low) == (0, 0)
    assert any("flagged pictures that nobody labelled" in sentence for sentence in report.sentences)


def test_a_mistake_corrected_by_a_person_is_gone(trained: Workbench, concept: Concept) -> None:
    picture = concept.scores.ranked("top", limit=1).pictures[0].id

    def said(value: str) -> list[str]:
        concept.labels.give(picture, value, author="ana", key=value)
        found = trained.review.queue(NAME, Reason.MISTAKE).rows
        return [mistake.label for mistake in found if mistake.id == picture]

    assert said("no") == ["no"]
    assert said("yes") == []


def test_a_threshold_set_by_hand_is_a_version_of_its_own_that_says_so(concept: Concept) -> None:
    for threshold in (0, 1, 1.5, float("nan")):
        with pytest.raises(DiscernError, match="between 0 and 1"):
            concept.versions.use(1, threshold, author="ana")
    assert concept.versions.use(1, 0.9, author="ana").wait().version == 2
    old, new = concept.versions.all()
    assert (new.threshold, new.details["threshold_by"], new.details["made_from"]) == (0.9, "ana", 1)
    assert old.threshold != 0.9
    assert new.report is not None
    said = "each threshold there was to choose from"
    assert said in " ".join(new.report.notes)
    assert said in concept.exports.card()
    assert said not in concept.exports.card(1)


def test_going_back_keeps_the_older_version_once_more(trained: Workbench, concept: Concept) -> None:
    answer_next(trained, 10)
    concept.versions.train().wait()
    assert concept.versions.use(1, author="ana").wait().version == 3
    first, third = concept.versions.head(1), concept.versions.head()
    assert (third.weights, third.bias, third.threshold) == (first.weights, first.bias, first.threshold)
    assert (third.number, third.details["copy_of"]) == (3, 1)


def test_a_version_compared_with_its_copy_differs_in_nothing(concept: Concept) -> None:
    concept.versions.use(1, author="ana").wait()
    found = concept.versions.compare(1, 2)
    assert (found.n, found.differently) == (27, 0)
    for figure in found.figures:
        assert (figure.difference.value, figure.difference.low, figure.difference.high) == (0, 0, 0)


def test_another_threshold_changes_recall_and_not_the_ranking(concept: Concept) -> None:
    concept.versions.use(1, 0.999, author="ana").wait()
    found = {figure.name: figure.difference for figure in concept.versions.compare(1, 2).figures}
    assert found["average_precision"].value == 0
    assert (found["recall"].value or 0) < 0


def test_a_bundle_is_written_once_and_again_after_measuring(concept: Concept) -> None:
    archive = concept.exports.bundle()
    assert archive.name == "round-thing-v1.zip"
    written = archive.stat().st_mtime_ns
    with zipfile.ZipFile(archive) as members:
        inside = set(members.namelist())
    exported = concept.exports.write(archive.parent / "by hand" / "round-thing-v1", version=1)
    assert {"round-thing-v1/head.onnx", "round-thing-v1/SHA256SUMS"} <= inside
    assert inside == {f"round-thing-v1/{file.name}" for file in Path(exported.folder).iterdir()}
    assert concept.exports.bundle().stat().st_mtime_ns == written
    concept.versions.measure()
    assert concept.exports.bundle().stat().st_mtime_ns > written


def test_concepts_that_share_the_encoder_go_into_one_file(
    trained: Workbench, concept: Concept, tmp_path: Path
) -> None:
    exports, other = concept.exports, "Square thing"
    assert exports.could_go_along() == []
    begun = trained.concepts.begin(other, "The same, for once.")
    trained.context.heads.add(begun.id, concept.versions.head())
    assert exports.could_go_along() == [other]
    assert exports.write(tmp_path / "both", also=(other,)).concepts == {NAME: 1, other: 1}
    archive = exports.bundle(also=(other,))
    assert archive != exports.bundle()
    for bundle in (tmp_path / "both", archive):
        assert load_bundle(bundle).columns == (NAME, other)
    scored = trained.scoring.score(tmp_path / "both.zip", [], tmp_path / "scores.parquet").wait()
    assert pq.read_table(scored.out).column_names[2:] == [
        f"{name}: {kind}" for name in (NAME, other) for kind in ("score", "decision")
    ]
    with pytest.raises(DiscernError, match="more than once"):
        exports.write(tmp_path / "twice", also=(NAME,))


@pytest.mark.parametrize("kept", [True, False], ids=["its facts are kept", "they are damaged"])
def test_after_a_restart_the_library_is_scored_without_loading_the_encoder(
    trained: Workbench, concept: Concept, kept: bool
) -> None:
    """As long as it is known what the encoder is, which the file would say."""
    trained.jobs.resume(concept.scores.score_files("", 1, "csv").id)
    (before,) = concept.scores.files()
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
    assert again.scoring.file(job).read_bytes() == trained.scoring.file(before.job).read_bytes()
    assert loaded == ([] if kept else [encoder.name])
    again.close()


def test_a_new_folder_is_scored_into_a_file_to_download_and_no_other_file_can_be(
    trained: Workbench, concept: Concept, tmp_path: Path
) -> None:
    folder = draw_folder(tmp_path / "new", 9, first_seed=900)
    (folder / "broken.png").write_bytes(b"no picture")
    job = concept.scores.score_files(str(folder), 1, "parquet").id
    train_job = next(j.id for j in trained.jobs.store.recent() if j.kind == "train")
    for none_yet in (job, train_job):
        with pytest.raises(DiscernError, match="no scores"):
            trained.scoring.file(none_yet)
    work_off(trained)
    table = pq.read_table(trained.scoring.file(job))
    read = table.filter(table["error"].is_null())
    assert read.num_rows == 9
    assert np.isfinite(read["score"].to_numpy()).all()
    (bad,) = table.filter(table["error"].is_valid()).to_pylist()
    assert (bad["path"], bad["id"], bad["score"]) == (str(folder / "broken.png"), None, None)
    assert "picture" in bad["error"]
    with pytest.raises(DiscernError, match="isn't there"):
        concept.scores.score_files("/no/such/folder", 1, "csv")


def forget_scores(bench: Workbench) -> None:
    """As after a restart."""
    bench.context.background.submit(lambda: None).result(20)
    bench.context.scores.__init__()  # type: ignore[misc]


def test_the_surest_are_ranked_by_look_alikes_too_until_an_older_version_is_in_use(
    trained: Workbench, concept: Concept, monkeypatch: pytest.MonkeyPatch
) -> None:
    ranked = concept.scores.ranked
    page = ranked("top", limit=91)
    assert page.by_look_alikes
    alone = trained.context.scores.of(concept.versions.head(1), trained.context.collection.index())
    assert {p.id: p.probability for p in page.pictures} == dict(alone.probability.top(91))
    assert not ranked("borderline").by_look_alikes
    answer_next(trained, 5)
    concept.versions.train().wait()
    assert ranked("top").by_look_alikes
    forget_scores(trained)
    assert not ranked("top", version=1).by_look_alikes
    forget_scores(trained)
    monkeypatch.setattr("concepts.library.neighbourhood.LARGEST", 90)
    assert not ranked("top").by_look_alikes


def test_a_library_too_large_to_wait_for_is_scored_by_a_job(
    trained: Workbench, concept: Concept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("concepts.workbench.context.SCORED_AT_ONCE", 10)
    forget_scores(trained)
    assert concept.scores.page("top") is None
    assert concept.versions.quality().flagged is None
    concept.scores.score_library(1)
    work_off(trained)
    page = concept.scores.page("top")
    assert page is not None
    assert page.total == 91
