"""What is asked next: from a queue that is filled behind, with the evaluation set in between."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor

import pytest

from concepts.errors import DiscernError
from concepts.labelling import asking
from concepts.labelling.contact_sheet import GridOrder
from concepts.labelling.labels import (
    GivenLabel,
    commit_labels,
    give_label,
    label_count,
    label_grid,
    take_back_labels,
)
from concepts.labelling.question_queue import BATCH, SHORT, Chosen, QuestionQueue, Upcoming
from concepts.labelling.selection import NextPicture
from concepts.library.collection import collection_of
from concepts.use_cases import App, Concept
from storage.labels import Author

NAME = "Round thing"
ME = Author("me")


def learning(number: int) -> NextPicture:
    return NextPicture(
        id=f"l{number}", path="p", purpose="train", reason="likely", probability=None, brought_by=[]
    )


class Chooser:
    """Stands where the choice stands; waits for `let_go` before it answers."""

    def __init__(self, *, waits: bool = False) -> None:
        self.let_go = threading.Event()
        self.waiting: list[list[str]] = []
        self.made = 0
        if not waits:
            self.let_go.set()

    def __call__(self, n: int, waiting: Sequence[str]) -> list[NextPicture]:
        self.waiting.append(list(waiting))
        assert self.let_go.wait(10)
        self.made += n
        return [learning(i) for i in range(self.made - n, self.made)]


@pytest.fixture
def background() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1)


Choose = Callable[[int, Sequence[str]], list[NextPicture]]


def asker(
    choose: Choose, background: Executor, tests: int = 0, first_look: int = 0, asked_for: Sequence[str] = ()
) -> Callable[..., Upcoming]:
    """A queue with so many test pictures."""
    queue = QuestionQueue(lambda n, waiting: Chosen(choose(n, waiting), first_look), background)
    ids = [f"e{i}" for i in range(tests)]
    return lambda have, n, labelled=(): queue.upcoming(have, n, labelled, asked_for, ids, ())


def settled(background: Executor) -> None:
    background.submit(lambda: None).result(10)


def tiles(bench: App, order: GridOrder, n: int) -> list[NextPicture]:
    """A grid once it has been worked out."""
    label_grid(bench.concept(NAME), order)
    settled(bench.background)
    return label_grid(bench.concept(NAME), order, n=n).pictures


def test_while_the_first_batch_is_chosen_a_few_test_pictures_come_and_then_it_waits(background) -> None:
    questions = asker(choose := Chooser(waits=True), background, 20)
    first = questions([], 8)
    assert ([p.id for p in first.pictures], first.thinking) == (["e0", "e1", "e2"][:SHORT], True)
    labelled: list[str] = []
    while asked := questions([], 1, labelled).pictures:
        labelled += [picture.id for picture in asked]
    assert labelled == ["e0", "e1", "e2"][:SHORT]
    assert questions([], 1, labelled).thinking
    choose.let_go.set()
    settled(background)
    after = questions([], 1, labelled)
    assert ([picture.id for picture in after.pictures], after.problem) == (["l0"], "")


@pytest.mark.parametrize(
    ("first_look", "asked_for", "order"),
    [
        (0, [], "llellelle"),  # one in three measures
        (4, [], "llllllelelelelle"),  # learning comes first until there can be figures; measuring catches up
        (30, ["a0", "a1"], "llallalll"),  # what somebody asked for doesn't wait until there can be figures
    ],
)
def test_questions_that_measure_come_in_between(background, first_look, asked_for, order) -> None:
    questions = asker(Chooser(), background, 20, first_look=first_look, asked_for=asked_for)
    questions([], 0)
    settled(background)
    have: list[str] = []
    while len(have) < len(order):
        have += [p.id for p in questions(have, 2 if first_look == 4 else 3).pictures]
        settled(background)
    assert "".join(name[0] for name in have) == order
    measuring = [*asked_for, "e0", "e1", "e2", "e3", "e4"][: len(order) - order.count("l")]
    assert [name for name in have if name[0] != "l"] == measuring


def test_what_is_on_its_way_to_the_person_is_told_to_the_chooser(background) -> None:
    questions = asker(choose := Chooser(), background)
    questions([], 0)
    settled(background)
    have = [p.id for p in questions([], BATCH - 2).pictures]
    questions(have, 2)
    settled(background)
    assert choose.waiting[-1] == [f"l{i}" for i in range(BATCH)]


def test_a_problem_of_choosing_is_told_and_tried_again(background) -> None:
    problems = ["No encoder."]

    def choose(n: int, waiting: Sequence[str]) -> list[NextPicture]:
        if problems:
            raise DiscernError(problems.pop())
        return [learning(0)]

    questions = asker(choose, background)
    questions([], 5)
    settled(background)
    assert questions([], 5).problem == "No encoder."
    settled(background)
    after = questions([], 5)
    assert ([p.id for p in after.pictures], after.problem) == (["l0"], "")


def test_many_answers_are_one_commit_and_one_undo(concept: Concept) -> None:
    ids = collection_of(concept.app).library.all_ids()[:5]
    answers = {f"batch.{n}": GivenLabel(picture=i, value="no") for n, i in enumerate(ids)}
    with pytest.raises(DiscernError, match="No picture of this library"):
        commit_labels(concept, answers | {"b": GivenLabel(picture="0" * 64, value="no")}, ME)
    assert label_count(concept).answers == 0
    kept = commit_labels(concept, answers, ME)
    assert [kept[key].picture_id for key in answers] == ids
    assert commit_labels(concept, answers, ME) == kept
    give_label(concept, collection_of(concept.app).library.all_ids()[9], "yes", author="me", key="later")
    undone = take_back_labels(concept, author="me", key="u", only=list(answers))
    assert sorted(item.picture for item in undone) == ids
    take_back_labels(concept, author="me", key="u", only=["later"])  # again, whatever it asks for
    assert label_count(concept).answers == 1


def test_the_grid_runs_from_likely_to_unlikely_without_what_is_answered_or_tests(concept: Concept) -> None:
    answered = [p.id for p in tiles(concept.app, "likely", 8)]
    for n, picture in enumerate(answered):
        give_label(concept, picture, "yes" if n % 2 else "no", author="me")
    likely, unlikely = ([p.id for p in tiles(concept.app, order, 60)] for order in ("likely", "unlikely"))
    shared = [picture for picture in likely if picture in unlikely]
    assert 0 < len(shared) < 60
    assert shared == [picture for picture in reversed(unlikely) if picture in shared]
    assert label_grid(concept, "likely").by_look_alikes
    assert label_grid(concept, "unlikely").by_look_alikes
    assert not {*answered, *concept.app.store.evaluation_pictures(concept.id)} & {*likely, *unlikely}
    groups = collection_of(concept.app).library.near_groups(likely)
    assert len(set(groups)) == len(groups)


def test_the_grid_opens_with_what_is_known_and_says_that_better_is_coming(concept: Concept) -> None:
    gate = threading.Event()
    concept.app.background.submit(gate.wait, 10)
    first = label_grid(concept, "likely")
    assert (first.pictures, first.thinking) == ([], True)
    gate.set()
    known = tiles(concept.app, "likely", 12)
    assert len(known) == 12
    assert not label_grid(concept, "likely").thinking

    gate.clear()
    concept.app.background.submit(gate.wait, 10)
    give_label(concept, known[0].id, "yes", author="me")
    after = label_grid(concept, "likely", n=11)
    assert ([p.id for p in after.pictures], after.thinking) == ([p.id for p in known[1:]], True)
    gate.set()
    settled(concept.app.background)
    assert not label_grid(concept, "likely").thinking


def test_why_there_is_no_grid_is_said(concept: Concept, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: object) -> list[NextPicture]:
        raise DiscernError("The encoder is gone.")

    with pytest.raises(DiscernError, match="query"):
        label_grid(concept, "query", query=" ")
    with monkeypatch.context() as patch:
        patch.setattr(asking, "bulk_pictures", broken)
        label_grid(concept, "likely")
        settled(concept.app.background)
    assert label_grid(concept, "likely").problem == "The encoder is gone."
    settled(concept.app.background)
    assert len(label_grid(concept, "likely").pictures) == 36


def test_a_choice_says_what_is_asked_again_and_after_how_many_sheets_another_is_due(background) -> None:
    again = learning(3).model_copy(update={"repeat": True, "reason": "again"})
    queue = QuestionQueue(lambda n, waiting: Chosen([again, learning(4)], 0, sheet=2), background)
    assert queue.sheet == -1
    queue.upcoming((), 0, ("l3",), (), (), ())
    settled(background)
    assert queue.sheet == 2
    for n, asked in ((1, "l3"), (2, "l4")):  # once, though it has a decision
        assert [p.id for p in queue.upcoming((), n, ("l3",), (), (), ()).pictures] == [asked]


def test_what_many_ask_at_once_is_worked_out_once_for_all_who_asked_before_it_began() -> None:
    shared, begun, go_on, worked = asking.Shared[int](), threading.Event(), threading.Event(), list[int]()
    all_asked = threading.Event()

    class What:
        looked_up = 0  # twice by whoever asks, with a lock held, and once more when work begins

        def __hash__(self) -> int:
            self.looked_up += 1
            if self.looked_up == 3 + 4 * 2:
                all_asked.set()
            return 0

    what = What()

    def work() -> int:
        worked.append(len(worked))
        begun.set()
        assert go_on.wait(30)
        return worked[-1]

    with ThreadPoolExecutor(6) as pool:
        first = pool.submit(shared.get, what, work)
        assert begun.wait(30)
        later = [pool.submit(shared.get, what, work) for _ in range(4)]
        other = pool.submit(shared.get, "six", lambda: 6)
        assert all_asked.wait(30)
        go_on.set()
        assert first.result() == 0
        assert {one.result() for one in later} == {1}
        assert other.result() == 6


def test_who_shares_work_that_fails_is_told_and_the_next_one_tries_again() -> None:
    shared = asking.Shared[int]()
    with pytest.raises(ZeroDivisionError):
        shared.get("five", lambda: 1 // 0)
    assert shared.get("five", lambda: 5) == 5
