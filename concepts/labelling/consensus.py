"""What people said, together: one decision per picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median_low
from typing import Literal

from storage.labels import Author, LabelEvent


@dataclass(frozen=True)
class Decision:
    """What the people who looked at a picture say together. `conflict`: as many say yes as no."""

    picture_id: str
    value: Literal["yes", "no", "unsure", "skip", "conflict"]
    votes: dict[str, str]  # author → value
    simulated: bool  # none of the authors is a real person
    definition: int = 0  # the oldest revision of the definition that one of them answered under
    given: str = ""  # the grade or class that they say together; empty where none can be told

    @property
    def decided(self) -> bool:
        return self.value in ("yes", "no")


def consensus(standing: Iterable[LabelEvent]) -> dict[str, Decision]:
    """Picture id → decision by majority of yes and no. Annotators have no vote, and a simulated person
    has none where a real one has answered."""
    votes: dict[str, dict[Author, LabelEvent]] = {}
    for event in standing:
        if event.author.kind != "annotator":
            votes.setdefault(event.picture_id, {})[event.author] = event
    return {picture_id: _decide(picture_id, said) for picture_id, said in votes.items()}


def _decide(picture_id: str, votes: dict[Author, LabelEvent]) -> Decision:
    if len(votes) == 1:  # nearly always
        return _alone(*votes.values())
    people = [event for author, event in votes.items() if author.kind == "person"]
    said = {event.author.name: event for event in people or votes.values()}
    counts = Counter(event.value for event in said.values())
    value: Literal["yes", "no", "unsure", "skip", "conflict"]
    if counts["yes"] != counts["no"]:
        value = "yes" if counts["yes"] > counts["no"] else "no"
    elif counts["yes"]:
        value = "conflict"
    else:
        value = "unsure" if counts["unsure"] else "skip"
    return Decision(
        picture_id=picture_id,
        value=value,
        votes={name: event.value for name, event in said.items()},
        simulated=not people,
        definition=min(event.definition_number for event in people or votes.values()),
        given=_together([event for event in said.values() if event.value == value]),
    )


def _alone(event: LabelEvent) -> Decision:
    value: Literal["yes", "no", "unsure", "skip"] = event.value  # type: ignore[assignment]  # a label's
    return Decision(
        picture_id=event.picture_id,
        value=value,
        votes={event.author.name: event.value},
        simulated=event.author.kind != "person",
        definition=event.definition_number,
        given=_together([event]) if event.given else "",
    )


def _together(agreeing: Sequence[LabelEvent]) -> str:
    """Of those who say the same yes or no: the middle grade, of an even number the lower one; or the class
    that most of them name."""
    given = [event.given for event in agreeing if event.given]
    if given and all(word.isdecimal() for word in given):
        return str(median_low(int(word) for word in given))
    most = Counter(given).most_common(2)
    tied = len(most) > 1 and most[0][1] == most[1][1]
    return most[0][0] if most and not tied else ""
