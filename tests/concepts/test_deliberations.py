"""Deliberating with a simulated vision model and a simulated proposer behind a real server."""

import hashlib
import io
import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from answering import Filled
from fake_openai import FakeOpenAI, Request
from PIL import Image
from web_screens import Screens

from concepts.collaborator import trials
from concepts.collaborator.rounds import (
    accept_wording,
    ambiguities_of,
    begin_round,
    find_ambiguities,
    put_to_the_test,
    reword,
    rewordings,
    rounds_of,
)
from concepts.definition.document import Criterion, Definition
from concepts.definition.revisions import definition_of, revise
from concepts.errors import ConflictError, DiscernError, NotEnoughLabelsError
from concepts.labelling.dataset import dataset_of
from concepts.labelling.labels import GivenLabel, commit_labels, give_label
from concepts.labelling.mining import mine
from concepts.labelling.reasons import Reason
from concepts.labelling.review import ReviewRow
from concepts.library.collection import collection_of
from concepts.results.concepts import begin_concept
from concepts.results.review import find_labels_to_review, review_queue
from concepts.use_cases import App, Concept
from storage.labels import Author

NAME = "Shapes"


def by_chance(phrase: str, name: str) -> bool:
    """Of three pictures in ten; the same on every machine."""
    return int.from_bytes(hashlib.sha256(f"{phrase} {name}".encode()).digest()[:6]) < 0.3 * 2**48


def signature(image: Image.Image) -> Any:
    """Mean colours, by which a picture is recognised whatever size and quality it comes in."""
    return np.asarray(image.convert("RGB").resize((12, 12), Image.Resampling.BOX), np.float32)


PHRASES = ["something drawn", "made of lines", "left over", "somewhere else"]


class Simulated:
    """SIMULATED models, which understand nothing. One recognises a picture and judges each criterion by the
    phrase in it; it never learns what the concept is. The other sees the prompt alone and proposes phrases by
    the answers that are said to be wrong there."""

    def __init__(self, files: list[Path]) -> None:
        self._names = [file.name for file in files]
        self._signatures = np.stack([signature(Image.open(file)) for file in files])

    def __call__(self, request: Request) -> Any:
        return getattr(self, str(request.schema_name).lstrip("_").lower())(request)

    def _seen(self, request: Request) -> list[str]:
        far = (self._signatures - signature(Image.open(io.BytesIO(request.pictures[-1])))) ** 2
        name = self._names[int(far.mean(axis=(1, 2, 3)).argmin())]
        shows = [True, "line" in name, *(by_chance(phrase, name) for phrase in PHRASES[2:])]
        return [phrase for phrase, it_does in zip(PHRASES, shows, strict=True) if it_does]

    def pictureverdict(self, request: Request) -> Any:
        seen, told = (
            self._seen(request),
            request.text.partition("<criteria>\n")[2].partition("\n</criteria>")[0],
        )
        criteria = re.findall(r"^\d+\. \((\w+)[^)]*\) (.*)$", told, re.MULTILINE)
        met = [any(phrase in text.casefold() for phrase in seen) for _, text in criteria]
        excluded = any(kind == "excluding" and it_is for (kind, _), it_is in zip(criteria, met, strict=True))
        evidence = [{"number": n, "verdict": "met" if it_is else "not met"} for n, it_is in enumerate(met, 1)]
        said = {"rationale": f"It shows: {', '.join(seen)}.", "rating": 1 if excluded else 5, "sure": 90}
        return {"evidence": evidence} | said

    def doubt(self, request: Request) -> Any:
        told = request.text.partition("<concept>")[2].partition("</concept>")[0].casefold()
        for phrase in self._seen(request):
            if phrase not in told:
                argument = f"One could say it matters that it shows: {phrase}."
                return {"argument": argument, "ambiguity": f"{phrase}, does that count?"}
        return {"argument": "none", "ambiguity": ""}

    def wordings(self, request: Request) -> Any:
        answers, tried = (request.text.partition(f"<{part}>")[2] for part in ("answers", "tried"))
        lines = re.findall(r"^\d+\. The person says .*$", answers, re.MULTILINE)
        wrong = {
            "excluding": [line for line in lines if "person says no, the machine yes" in line],
            "included": [line for line in lines if re.search(r"person says yes, the machine no\b", line)],
        }
        new = [(k, phrase) for k in wrong for phrase in PHRASES if f"({k}) {phrase}" not in tried]
        new.sort(key=lambda pair: -sum(pair[1] in line for line in wrong[pair[0]]))
        edits = [
            {"action": "add", "number": int(kind == "included"), "kind": kind, "text": phrase}
            for kind, phrase in new[: int(re.findall(r"Propose (\d+)", request.text)[-1])]
        ]
        return {"wordings": [{"why": f"Perhaps: {edit['text']}.", "edits": [edit]} for edit in edits]}

    def differences(self, request: Request) -> Any:
        return {"differences": [{"text": phrase, "seen_in": "first"} for phrase in PHRASES[1:]]}


@pytest.fixture
def server(pictures: Path) -> Iterator[FakeOpenAI]:
    with FakeOpenAI(Simulated(sorted(pictures.glob("*-*.png")))) as running:
        yield running


def begun_too_wide(bench: App) -> None:
    """The concept begins with all drawings; the person means those that are no lines."""
    concept = begin_concept(bench, NAME, "Drawings.")
    add_criterion(concept, "necessary", "something drawn")
    concept.begin(mine).wait()


@pytest.fixture
def concept(filled: Filled, server: FakeOpenAI, monkeypatch: pytest.MonkeyPatch) -> Concept:
    monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
    monkeypatch.setenv("DISCERN_LLM_MODEL", "simulated-proposer")
    monkeypatch.setenv("DISCERN_VLM_MODEL", "simulated-vision")
    return filled(begun_too_wide).concept(NAME)


def say(concept: Concept, ids: list[str], comment: str = "") -> None:
    """As the person means it."""
    paths = collection_of(concept.app).paths(ids)
    said = {i: "no" if "line" in paths[i] else "yes" for i in ids}
    given = {uuid.uuid4().hex: GivenLabel(picture=i, value=v, comment=comment) for i, v in said.items()}
    commit_labels(concept, given, Author("me"))


def free(concept: Concept) -> list[str]:
    """Candidates that measure nothing."""
    dataset = dataset_of(concept)
    return [i for i in dataset.candidates if i not in dataset.reserved]


def answer_most(concept: Concept, n: int = 50) -> None:
    say(concept, free(concept)[:n])


def add_criterion(concept: Concept, kind: str, text: str) -> None:
    definition = dataset_of(concept).revision.definition
    criteria = (*definition.criteria, Criterion(kind=kind, text=text))
    revise(concept, definition.model_copy(update={"criteria": criteria}), author="me", note=text)


def older(concept: Concept) -> list[ReviewRow]:
    return review_queue(concept.app.concept(NAME), Reason.OLDER_DESCRIPTION).rows


def test_a_wording_that_agrees_more_often_becomes_the_definition(concept: Concept, server: FakeOpenAI):
    answer_most(concept, 8)
    with pytest.raises(NotEnoughLabelsError) as refused:
        concept.begin(reword).wait()
    assert refused.value.needed >= 12
    answer_most(concept)

    found = concept.begin(reword).wait()
    (tried,) = rewordings(concept)
    revision = accept_wording(concept, found.rewording, 0, author="me")

    asked = [r.text for r in server.requests if (r.schema_name or "").endswith(("Wordings", "Differences"))]
    assert asked
    assert all(0 < text.count("It shows: ") <= found.read for text in asked)  # no answer that judges
    assert found.judging > 0
    assert found.read + found.judging <= 50
    best = tried.wordings[0]
    assert best.verdict == "better"
    assert ("added", "Not: made of lines") in best.difference
    assert best.after > best.before
    assert revision.definition.criteria[-1].text == "made of lines"
    assert rewordings(concept)[0].became == revision.number
    with pytest.raises(ConflictError):
        accept_wording(concept, found.rewording, author="me")


@pytest.mark.slow
def test_a_wording_for_an_older_definition_is_not_taken_and_can_be_rejected(concept: Concept):
    answer_most(concept)
    number = concept.begin(reword).wait().rewording
    newer = Definition(name=NAME, description="Something else.")
    revise(concept, newer, author="me", note="mine")

    with pytest.raises(ConflictError):
        accept_wording(concept, number, 0, author="me")
    assert definition_of(concept).definition == newer
    accept_wording(concept, number, author="me")
    assert rewordings(concept)[0].deed == "rejected"


def test_borderline_pictures_are_answered_before_the_machine_speaks(concept: Concept):
    answer_most(concept, 10)
    concept.begin(find_ambiguities).wait()
    before = ambiguities_of(concept)
    shown = [i for one in before for i in one.pictures]
    assert shown
    assert not set(shown) & dataset_of(concept).reserved
    with pytest.raises(DiscernError, match="There is no group"):
        begin_round(concept, "made up", author="me")
    begun = begin_round(concept, before[0].name, author="me")

    assert len(begun.pictures) <= 5
    assert all(p.machine is None and not p.rationale for p in begun.pictures)

    say(concept, [p.id for p in begun.pictures], comment="no lines, please")
    (answered,) = rounds_of(concept)
    assert all(p.answer for p in answered.pictures)
    assert any(p.machine for p in answered.pictures)
    assert all("no lines, please" in " ".join(p.comments) for p in answered.pictures)
    after = ambiguities_of(concept)
    assert len(after) > 1
    assert (after[-1].name, after[-1].met) == (before[0].name, len(begun.pictures))


def test_without_a_model_groups_of_pictures_stand_for_ambiguities(bench: App):
    looked = bench.concept("Round thing").begin(find_ambiguities).wait()
    assert (looked.by, looked.asked) == ("", 0)
    assert looked.ambiguities


def test_an_answer_that_new_words_contradict_comes_up_again_until_it_is_looked_at(concept: Concept):
    def asked() -> int:
        return len(concept.app.jobs.store.newest_first(["look back"], concept.id))

    by_the_first_words = {f"first {i}": GivenLabel(picture=i, value="yes") for i in free(concept)}
    paths = collection_of(concept.app).paths(free(concept))
    commit_labels(concept, by_the_first_words, Author("me"))  # lines count
    find_labels_to_review(concept.app.concept(NAME))
    assert asked() == 0
    add_criterion(concept, "excluding", "made of lines")
    add_criterion(concept, "supporting", "left over")

    assert older(concept) == []
    assert find_labels_to_review(concept.app.concept(NAME)) == ""
    find_labels_to_review(concept.app.concept(NAME))
    assert asked() == 1
    again = older(concept)

    lines = [one for one in again if "line" in paths[one.id]]
    assert len(lines) > len(again) / 2
    said = "Labelled under description 2. By description 4 the annotator says no: "
    assert all(one.label == "yes" and one.evidence.startswith(said) for one in again)

    give_label(concept, again[0].id, "no", author="me", key="second look")
    assert again[0].id not in [one.id for one in older(concept)]


def test_what_the_machine_says_is_kept_from_the_screen_until_there_is_a_label(concept: Concept):
    """That what is given afterwards says that it was in view is a browser's part."""
    answer_most(concept, 10)
    concept.begin(find_ambiguities).wait()
    name = ambiguities_of(concept)[0].name
    begun = begin_round(concept, name, author="me")
    screens, one = Screens(concept.app), begun.pictures[0].id

    assert _shown_of(screens, one)["blind"]
    give_label(concept, one, "no", author="me", key="first look")
    assert not _shown_of(screens, one)["blind"]


def _shown_of(screens: Screens, picture: str) -> dict[str, Any]:
    """What the grid of Borderline has of a picture; before its label nothing of the machine's."""
    shown: dict[str, Any] = {}

    def find(value: Any) -> None:
        if isinstance(value, list) and len(value) == 2 and value[0] == picture:
            shown.update(value[1])
        if isinstance(value, dict) and value.get("id") == picture and "blind" in value:
            shown.update(value)
        for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            find(one)

    find(json.loads(screens.load("label/borderline", concept=NAME)))
    assert not (shown["blind"] and "suggestion" in shown["caption"])
    return shown


def test_pictures_that_two_wordings_differ_about_settle_it(concept: Concept, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(trials, "ERROR", 0.008)  # the answers that are there settle nothing
    answer_most(concept, 30)
    number = concept.begin(reword).wait().rewording
    test = put_to_the_test(concept, number, author="me")
    assert put_to_the_test(concept, number, author="me").number == test.number
    assert "lines" not in test.ambiguity
    assert len(test.pictures) <= trials.AT_ONCE

    first, *others = test.pictures
    give_label(concept, first.id, "no", author="me", key="in view", in_view=True)
    say(concept, [p.id for p in others])
    (wording,) = rewordings(concept)[0].wordings[:1]
    assert list(wording.answered) == [p.id for p in others]
    assert wording.verdict != "better"

    while rewordings(concept)[0].wordings[0].undecided:
        more = put_to_the_test(concept, number, author="me")
        assert not {p.id for p in more.pictures} & {p.id for p in test.pictures}
        say(concept, [p.id for p in more.pictures])
    assert rewordings(concept)[0].wordings[0].verdict == "better"
    with pytest.raises(DiscernError, match="No other pictures"):
        put_to_the_test(concept, number, author="me")
