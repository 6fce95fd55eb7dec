"""Deliberating with a simulated vision model and a simulated proposer behind a real server."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fake_openai import FakeOpenAI
from web_screens import Screens

from benchmarks.simulated.models import SimulatedProposer, SimulatedVision, simulated_server
from benchmarks.simulated.world import Picture, Recognises, any_of, by_chance
from concepts.collaborator import trials
from concepts.definition.document import Criterion, Definition
from concepts.errors import ConflictError, DiscernError, NotEnoughLabelsError
from concepts.labelling.reasons import Reason
from concepts.labelling.review import ReviewRow
from concepts.workbench import Workbench
from concepts.workbench.jobs import LookBack

NAME = "Shapes"
PHRASES = {
    "something drawn": any_of("ellipse", "rectangle", "line"),
    "made of lines": any_of("line"),
    "left over": by_chance("left over", 0.3),
    "somewhere else": by_chance("somewhere else", 0.3),
}


@pytest.fixture(scope="session")
def known(made_library: tuple[Path, Path]) -> list[Picture]:
    return [Picture(file, frozenset({file.name.split("-")[0]})) for file in made_library[1].glob("*-*.png")]


@pytest.fixture
def server(known: list[Picture]) -> Iterator[FakeOpenAI]:
    vision = SimulatedVision(Recognises(known), PHRASES, errors=(0, 0))
    with FakeOpenAI(simulated_server(vision, SimulatedProposer(list(PHRASES)))) as running:
        yield running


@pytest.fixture
def deliberating(
    open_bench: Callable[[], Workbench], server: FakeOpenAI, monkeypatch: pytest.MonkeyPatch
) -> Workbench:
    """A concept that begins with all drawings; the person means those that are no lines, and has answered
    most of them."""
    monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
    monkeypatch.setenv("DISCERN_LLM_MODEL", "simulated-proposer")
    monkeypatch.setenv("DISCERN_VLM_MODEL", "simulated-vision")
    bench = open_bench()
    bench.concepts.begin(NAME, "Drawings.")
    criteria = (Criterion(kind="necessary", text="something drawn"),)
    first = Definition(name=NAME, description="Drawings.", criteria=criteria)
    bench.concept(NAME).definition.revise(first, author="me", note="begun")
    bench.concept(NAME).definition.mine().wait()
    return bench


def say(bench: Workbench, ids: list[str], **comments: str) -> None:
    """As the person means it."""
    paths = bench.context.collection.paths(ids)
    for i in ids:
        value = "no" if "line" in paths[i] else "yes"
        comment = comments.get("comment", "")
        bench.concept(NAME).labels.give(i, value, author="me", key=f"say {i}", comment=comment)


def answer_most(bench: Workbench, n: int = 50) -> None:
    dataset = bench.context.dataset(bench.context.concept(NAME))
    say(bench, [i for i in dataset.candidates if i not in dataset.reserved][:n])


def test_a_wording_that_agrees_more_often_is_found_and_becomes_the_definition(deliberating: Workbench):
    answer_most(deliberating)

    found = deliberating.concept(NAME).deliberations.reword().wait()
    (tried,) = deliberating.concept(NAME).deliberations.rewordings()
    revision = deliberating.concept(NAME).deliberations.accept(found.rewording, 0, author="me")

    best = tried.wordings[0]
    assert best.verdict == "better"
    assert ("added", "\nNot: made of lines") in best.difference
    assert best.after > best.before
    assert revision.definition.criteria[-1].text == "made of lines"
    assert deliberating.concept(NAME).deliberations.rewordings()[0].became == revision.number


def test_whoever_writes_is_shown_no_more_than_the_answers_that_inspire(
    deliberating: Workbench, server: FakeOpenAI
):
    answer_most(deliberating)
    found = deliberating.concept(NAME).deliberations.reword().wait()

    asked = [r.text for r in server.requests if (r.schema_name or "").endswith(("Wordings", "Differences"))]
    assert asked
    assert all(0 < text.count("It shows: ") <= found.read for text in asked)
    assert found.judging > 0
    assert found.read + found.judging <= 50


def test_too_few_answers_say_how_many_more_are_needed(deliberating: Workbench):
    answer_most(deliberating, 8)

    with pytest.raises(NotEnoughLabelsError) as refused:
        deliberating.concept(NAME).deliberations.reword().wait()
    assert refused.value.needed >= 12


def test_a_decided_rewording_is_decided_once(deliberating: Workbench):
    answer_most(deliberating)
    number = deliberating.concept(NAME).deliberations.reword().wait().rewording
    deliberating.concept(NAME).deliberations.accept(number, author="me")

    with pytest.raises(ConflictError):
        deliberating.concept(NAME).deliberations.accept(number, 0, author="me")
    assert deliberating.concept(NAME).deliberations.rewordings()[0].deed == "rejected"


def test_a_wording_for_an_older_definition_is_not_taken(deliberating: Workbench):
    answer_most(deliberating)
    number = deliberating.concept(NAME).deliberations.reword().wait().rewording
    newer = Definition(name=NAME, description="Something else.")
    deliberating.concept(NAME).definition.revise(newer, author="me", note="mine")

    with pytest.raises(ConflictError):
        deliberating.concept(NAME).deliberations.accept(number, 0, author="me")
    assert deliberating.concept(NAME).definition.read().revision.definition == newer


def test_borderline_pictures_are_answered_before_the_machine_speaks(deliberating: Workbench):
    answer_most(deliberating, 10)
    deliberating.concept(NAME).deliberations.find().wait()
    open_ = deliberating.concept(NAME).deliberations.ambiguities()
    begun = deliberating.concept(NAME).deliberations.begin(open_[0].name, author="me")

    assert len(begun.pictures) <= 5
    assert all(p.machine is None and not p.rationale for p in begun.pictures)

    say(deliberating, [p.id for p in begun.pictures], comment="no lines, please")
    (answered,) = deliberating.concept(NAME).deliberations.rounds()
    assert all(p.answer for p in answered.pictures)
    assert any(p.machine for p in answered.pictures)
    assert all("no lines, please" in " ".join(p.comments) for p in answered.pictures)


def test_an_ambiguity_that_was_met_comes_after_the_others(deliberating: Workbench):
    deliberating.concept(NAME).deliberations.find().wait()
    before = [one.name for one in deliberating.concept(NAME).deliberations.ambiguities()]
    begun = deliberating.concept(NAME).deliberations.begin(before[0], author="me")
    say(deliberating, [p.id for p in begun.pictures])

    after = deliberating.concept(NAME).deliberations.ambiguities()
    assert len(after) > 1
    assert after[-1].name == before[0]
    assert after[-1].met == len(begun.pictures)


def test_an_ambiguity_that_nobody_found_is_refused(deliberating: Workbench):
    with pytest.raises(DiscernError, match="not among what was found open"):
        deliberating.concept(NAME).deliberations.begin("made up", author="me")


def test_pictures_that_measure_are_no_part_of_deliberating(deliberating: Workbench, server: FakeOpenAI):
    deliberating.concept(NAME).deliberations.find().wait()

    dataset = deliberating.context.dataset(deliberating.context.concept(NAME))
    shown = [i for one in deliberating.concept(NAME).deliberations.ambiguities() for i in one.pictures]
    assert shown
    assert not set(shown) & dataset.reserved


def test_without_a_model_groups_of_borderline_pictures_stand_for_ambiguities(
    open_bench: Callable[[], Workbench],
):
    bench = open_bench()
    bench.concepts.begin(NAME, "Drawings.")

    looked = bench.concept(NAME).deliberations.find().wait()

    assert looked.by == ""
    assert looked.ambiguities
    assert looked.asked == 0


def test_an_answer_that_new_words_contradict_comes_up_again_until_it_is_looked_at(deliberating: Workbench):
    dataset = deliberating.context.dataset(deliberating.context.concept(NAME))
    paths = deliberating.context.collection.paths(list(dataset.candidates))
    free = [i for i in dataset.candidates if i not in dataset.reserved]
    for i in free:  # by the first words lines count
        deliberating.concept(NAME).labels.give(i, "yes", author="me", key=f"first {i}")
    criteria = (*dataset.revision.definition.criteria, Criterion(kind="excluding", text="made of lines"))
    narrower = dataset.revision.definition.model_copy(update={"criteria": criteria})
    deliberating.concept(NAME).definition.revise(narrower, author="me", note="no lines")

    assert older(deliberating) == []
    assert deliberating.review.find(NAME) == ""
    again = older(deliberating)

    lines = [one for one in again if "line" in paths[one.id]]
    assert len(lines) > len(again) / 2
    said = "Labelled under description 2. By description 3 the annotator says no: "
    assert all(one.label == "yes" and one.evidence.startswith(said) for one in again)

    deliberating.concept(NAME).labels.give(again[0].id, "no", author="me", key="second look")
    assert again[0].id not in [one.id for one in older(deliberating)]


def older(bench: Workbench) -> list[ReviewRow]:
    return bench.review.queue(NAME, Reason.OLDER_DESCRIPTION).rows


def test_an_annotator_is_asked_about_older_labels_alone_and_once(deliberating: Workbench):
    def asked() -> int:
        return len(
            deliberating.jobs.store.newest_first([LookBack.kind], deliberating.context.concept(NAME).id)
        )

    dataset = deliberating.context.dataset(deliberating.context.concept(NAME))
    free = next(i for i in dataset.candidates if i not in dataset.reserved)
    deliberating.concept(NAME).labels.give(free, "yes", author="me", key="first")
    deliberating.review.find(NAME)
    assert asked() == 0
    criteria = (*dataset.revision.definition.criteria, Criterion(kind="excluding", text="made of lines"))
    narrower = dataset.revision.definition.model_copy(update={"criteria": criteria})
    deliberating.concept(NAME).definition.revise(narrower, author="me", note="no lines")
    deliberating.review.find(NAME)
    deliberating.review.find(NAME)
    assert asked() == 1


def test_once_the_machine_has_spoken_an_answer_is_given_with_it_in_view(deliberating: Workbench):
    answer_most(deliberating, 10)
    deliberating.concept(NAME).deliberations.find().wait()
    name = deliberating.concept(NAME).deliberations.ambiguities()[0].name
    begun = deliberating.concept(NAME).deliberations.begin(name, author="me")
    screens = Screens(deliberating)
    one = begun.pictures[0].id

    assert f'id="yes-{one[:12]}" class="btn small yes" data-action="yes"' in _round(screens)
    screens.press("borderline-round", "no", f"{one}|first", {"concept": NAME})
    assert f'id="yes-{one[:12]}" class="btn small yes" data-action="seen-yes"' in _round(screens)
    screens.press("borderline-round", "seen-yes", f"{one}|second", {"concept": NAME})

    events = deliberating.context.log.events(deliberating.context.concept(NAME).id, one)
    said = [(e.value, e.in_view) for e in events if e.author.kind == "person"]
    assert said == [("no", False), ("yes", True)]


def _round(screens: Screens) -> str:
    return screens.load("borderline", concept=NAME)["borderline-round"]


def test_pictures_that_two_wordings_differ_about_settle_which_is_better_a_few_at_a_time(
    deliberating: Workbench, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(trials, "FIRST", 0.02)  # the answers that are there settle nothing
    answer_most(deliberating, 30)
    number = deliberating.concept(NAME).deliberations.reword().wait().rewording
    test = deliberating.concept(NAME).deliberations.put_to_the_test(number, author="me")
    assert deliberating.concept(NAME).deliberations.put_to_the_test(number, author="me").number == test.number
    assert "lines" not in test.ambiguity
    assert len(test.pictures) <= trials.AT_ONCE

    first, *others = test.pictures
    deliberating.concept(NAME).labels.give(first.id, "no", author="me", key="in view", in_view=True)
    say(deliberating, [p.id for p in others])
    (wording,) = deliberating.concept(NAME).deliberations.rewordings()[0].wordings[:1]
    assert list(wording.answered) == [p.id for p in others]
    assert wording.verdict != "better"

    while deliberating.concept(NAME).deliberations.rewordings()[0].wordings[0].undecided:
        more = deliberating.concept(NAME).deliberations.put_to_the_test(number, author="me")
        assert not {p.id for p in more.pictures} & {p.id for p in test.pictures}
        say(deliberating, [p.id for p in more.pictures])
    assert deliberating.concept(NAME).deliberations.rewordings()[0].wordings[0].verdict == "better"
    with pytest.raises(DiscernError, match="No other pictures"):
        deliberating.concept(NAME).deliberations.put_to_the_test(number, author="me")


def test_a_wording_that_is_not_settled_goes_on_when_others_are_looked_for(
    deliberating: Workbench, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(trials, "FIRST", 1e-9)
    answer_most(deliberating, 30)
    deliberating.concept(NAME).deliberations.reword().wait()
    first = deliberating.concept(NAME).deliberations.rewordings()[0].wordings[0]
    deliberating.concept(NAME).deliberations.reword().wait()
    again = deliberating.concept(NAME).deliberations.rewordings()[0].wordings

    assert [one.nth for one in again if one.definition == first.definition] == [first.nth]


def test_an_answer_is_held_against_the_words_it_was_given_under(deliberating: Workbench):
    dataset = deliberating.context.dataset(deliberating.context.concept(NAME))
    paths = deliberating.context.collection.paths(list(dataset.candidates))
    line = next(i for i in dataset.candidates if i not in dataset.reserved and "line" in paths[i])
    deliberating.concept(NAME).labels.give(line, "yes", author="me", key="by the first words")
    criteria = (*dataset.revision.definition.criteria, Criterion(kind="excluding", text="made of lines"))
    narrower = dataset.revision.definition.model_copy(update={"criteria": criteria})
    deliberating.concept(NAME).definition.revise(narrower, author="me", note="no lines")
    helps = (*criteria, Criterion(kind="supporting", text="left over"))
    newest = narrower.model_copy(update={"criteria": helps})
    deliberating.concept(NAME).definition.revise(newest, author="me", note="and a little more")

    deliberating.review.find(NAME)

    assert [one.id for one in older(deliberating)] == [line]
