"""Writing other wordings from what a person answered: by asking a model, or from the built-in vocabulary.

Two ways of asking: with the feedback and the best and worst wordings so far (Liu et al., Language models as
black-box optimizers for VLMs, CVPR 2024), and for what differs between the groups that are confused
(Esfandiarpoor & Bach, FuDD, ICLR 2024).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from concepts.collaborator.prompt_parts import topic_text
from concepts.collaborator.trials import Sifted, Value, WordingCandidate
from concepts.definition.document import Criterion, Definition, Origin, one_line
from concepts.language.base import ChatModel, Message
from concepts.language.prompts import DEFAULTS, PromptFiles

_Kind = Literal["necessary", "included", "supporting", "excluding"]

# Picture ids of two groups → nouns for what is seen in the first and not in the second, most telling first.
Telling = Callable[[Sequence[str], Sequence[str]], list[str]]

PURPOSE = "reword"
A_ROUND = 5  # wordings asked for at a time
SHOWN = 3  # of the best and of the worst so far
MOST_NAMED = 60  # of the wordings in between
MOST_ANSWERS = 30  # shown to a model
DIFFERENCES = 3
FEWEST_IN_GROUP = 2
MOST_EDITS = 3  # edits in one proposal: more can't be judged at a glance


@dataclass(frozen=True)
class Feedback:
    """What a person and the machine said of one picture, the machine's reason, what was remarked, and the
    ambiguity that it was shown for."""

    picture_id: str
    person: Value
    machine: Value
    reason: str
    comments: tuple[str, ...] = ()
    ambiguity: str = ""

    @property
    def agrees(self) -> bool:
        return self.person == self.machine

    def as_text(self, number: int) -> str:
        said = f"{number}. The person says {self.person}, the machine {self.machine}, because: {self.reason}"
        asked = [f"It was shown because of: {self.ambiguity}"] if self.ambiguity else []
        return " ".join([said, *asked, *(f"The person remarks: {comment}" for comment in self.comments)])


class Edit(BaseModel):
    """A change that a person reads as a few words that differ. `number` counts the criteria from 1.

    "add" puts a criterion of `kind` behind the others, of the necessary criterion `number` (0: of the concept
    as a whole); "reword" gives one another text, "turn" another kind, "remove" takes one away. The name and
    the sentence stay: they are the person's own.
    """

    action: Literal["add", "reword", "turn", "remove"]
    number: int
    kind: _Kind
    text: str


class _Wording(BaseModel):
    why: str
    edits: list[Edit]


class Wordings(BaseModel):
    wordings: list[_Wording]


class _Difference(BaseModel):
    text: str
    seen_in: Literal["first", "second"]


class Differences(BaseModel):
    differences: list[_Difference]


def from_feedback(
    current: Definition,
    feedback: Sequence[Feedback],
    tried: Sequence[Sifted],
    model: ChatModel,
    prompts: PromptFiles = DEFAULTS,
) -> list[WordingCandidate]:
    """Other wordings than those `tried`, which are best first. Raises what `ChatModel.ask` raises."""
    # What was remarked on first, then what they differ about, then the rest.
    telling = sorted(feedback, key=lambda one: (not one.comments, one.agrees))[:MOST_ANSWERS]
    answers = "\n".join(one.as_text(n) for n, one in enumerate(telling, 1))
    asked = wordings_asked_for(current, answers, _as_text(current, tried) or "(none)", prompts)
    said = model.ask(asked, Wordings, purpose=PURPOSE)
    return _usable(current, ((one.why, one.edits) for one in said.wordings[:A_ROUND]), "feedback", "model")


def wordings_asked_for(current: Definition, answers: str, tried: str, prompts: PromptFiles) -> list[Message]:
    """What a model is sent to have it write other wordings."""
    criteria = [f"{n}. ({c.kind}) {c.text}" for n, c in enumerate(current.criteria, 1)]
    return prompts.messages(
        "reword",
        definition=topic_text(current),
        criteria="\n".join(criteria) or "(none yet)",
        answers=answers,
        tried=tried,
        number=str(A_ROUND),
    )


def from_differences(
    current: Definition, feedback: Sequence[Feedback], model: ChatModel, prompts: PromptFiles = DEFAULTS
) -> list[WordingCandidate]:
    """A criterion for what tells apart the pictures that the machine confuses: those it wrongly takes for
    what counts from those it rightly does, and the same of what doesn't count."""
    found: list[WordingCandidate] = []
    for said, if_in_wrong, if_in_right in _CONFUSED:
        wrong = [one.reason for one in feedback if one.machine == said and not one.agrees]
        right = [one.reason for one in feedback if one.machine == said and one.agrees]
        if min(len(wrong), len(right)) < FEWEST_IN_GROUP:
            continue
        first, second = (
            "\n".join(f"- {reason}" for reason in reasons[: MOST_ANSWERS // 2]) for reasons in (wrong, right)
        )
        asked = differences_asked_for(current, first, second, prompts)
        answer = model.ask(asked, Differences, purpose=PURPOSE)
        adding = [
            _adding(current, if_in_wrong if one.seen_in == "first" else if_in_right, one.text)
            for one in answer.differences[:DIFFERENCES]
        ]
        found += _usable(current, ((_WHY[said], [edit]) for edit in adding), "differences", "model")
    return found


def differences_asked_for(
    current: Definition, first: str, second: str, prompts: PromptFiles
) -> list[Message]:
    """What a model is sent to have it tell two groups of pictures apart, by a line about each picture."""
    return prompts.messages(
        "differ", definition=topic_text(current), first=first, second=second, number=str(DIFFERENCES)
    )


def from_nouns(current: Definition, feedback: Sequence[Feedback], telling: Telling) -> list[WordingCandidate]:
    """Without a model: nouns for what is seen in the pictures it has wrong and not in the others."""
    found: list[WordingCandidate] = []
    for said, kind, _ in _CONFUSED:
        person: Value = "no" if said == "yes" else "yes"
        wrong = [one.picture_id for one in feedback if one.person == person and not one.agrees]
        others = [one.picture_id for one in feedback if one.person not in (person, "unsure")]
        if min(len(wrong), len(others)) >= FEWEST_IN_GROUP:
            edits = [_adding(current, kind, noun) for noun in telling(wrong, others)]
            found += _usable(current, ((_WHY[said], [edit]) for edit in edits), "nouns", "vocabulary")
    return found


# What the machine says → the kind of a criterion that is seen in those it has wrong, and in the right ones.
_CONFUSED: tuple[tuple[Value, _Kind, _Kind], ...] = (
    ("yes", "excluding", "necessary"),
    ("no", "included", "excluding"),
)
_WHY: dict[Value, str] = {
    "yes": "Excludes pictures suggested yes that you labelled no.",
    "no": "Includes pictures suggested no that you labelled yes.",
}


def _adding(current: Definition, kind: _Kind, text: str) -> Edit:
    """A kind that counts stands for the one thing that is necessary, where there is one."""
    necessary = [n for n, c in enumerate(current.criteria, 1) if c.kind == "necessary"]
    number = necessary[0] if kind == "included" and len(necessary) == 1 else 0
    return Edit(action="add", number=number, kind=kind, text=text)


def _as_text(current: Definition, tried: Sequence[Sifted]) -> str:
    """The best and the worst with what they did, and the others so that nobody proposes them again."""

    before = {(c.kind, c.text) for c in current.criteria}

    def what(one: Sifted) -> str:
        """Such as: without (necessary) a fruit; with (excluding) citrus."""
        after = {(c.kind, c.text) for c in one.candidate.definition.criteria}
        changes = [("without", c) for c in sorted(before - after)] + [
            ("with", c) for c in sorted(after - before)
        ]
        return "; ".join(f"{how} ({kind}) {text}" for how, (kind, text) in changes)

    scored = tried if len(tried) <= 2 * SHOWN else [*tried[:SHOWN], *tried[-SHOWN:]]
    lines = [
        f"- {what(one)}: mends {one.fixed} of the mistakes shown to it, breaks {one.broken} that were right"
        for one in scored
    ]
    if len(tried) > len(scored):
        others = "; ".join(what(one) for one in tried[SHOWN:-SHOWN][:MOST_NAMED])
        lines.append(f"- Neither better nor worse than those: {others}")
    return "\n".join(lines)


def _usable(
    current: Definition, written: Iterable[tuple[str, Sequence[Edit]]], way: str, origin: Origin
) -> list[WordingCandidate]:
    """Those that can be made, each once."""
    found: dict[str, WordingCandidate] = {}
    for why, edits in written:
        try:
            definition = edited(current, edits, origin, note="from your labels")
        except ValueError:  # a criterion that isn't there, or nothing changed
            continue
        candidate = WordingCandidate(definition, one_line(why)[:300], way)
        found.setdefault(candidate.text, candidate)
    return list(found.values())


def edited(definition: Definition, edits: Sequence[Edit], origin: Origin, note: str = "") -> Definition:
    """The definition with these edits made. Raises `ValueError` where one can't be, or nothing changes."""
    if not 0 < len(edits) <= MOST_EDITS:
        raise ValueError(f"give one to {MOST_EDITS} edits")
    criteria: list[Criterion | None] = list(definition.criteria)
    new: list[Criterion] = []
    for edit in edits:
        text = one_line(edit.text)
        if edit.action == "add":
            of = ""  # the text of the criterion that a new kind of picture belongs to
            if edit.number and edit.kind in ("included", "excluding"):
                if not 1 <= edit.number <= len(definition.criteria):
                    raise ValueError(f"there is no criterion {edit.number}")
                parent = definition.criteria[edit.number - 1]
                of = parent.text if parent.kind == "necessary" else ""
            new.append(Criterion(kind=edit.kind, text=text, of=of, origin=origin, note=note))
            continue
        if not 1 <= edit.number <= len(criteria) or (before := criteria[edit.number - 1]) is None:
            raise ValueError(f"there is no criterion {edit.number}")
        kind = edit.kind if edit.action == "turn" else before.kind
        if edit.action == "turn" and kind == before.kind:
            raise ValueError(f"criterion {edit.number} is of this kind already")
        words = text if edit.action == "reword" else before.text
        changed = Criterion(kind=kind, text=words, of=before.of, origin=origin, note=note)
        criteria[edit.number - 1] = None if edit.action == "remove" else changed
    kept = [criterion for criterion in criteria if criterion is not None] + new
    texts = [criterion.text.casefold() for criterion in kept]
    if len(set(texts)) < len(texts):
        raise ValueError("two criteria would say the same")
    after = definition.model_copy(update={"criteria": tuple(kept)})
    if after == definition:
        raise ValueError("the edits change nothing")
    return after
