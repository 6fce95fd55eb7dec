"""What a screen for labelling shows next: pictures to ask about, and what is said of the last one."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from concepts.collaborator.annotations import opinion_of
from concepts.collaborator.suggestions import Opinion
from concepts.labelling.labels import (
    GivenAnswer,
    Remark,
    comments_on,
    labels_by,
    labels_by_others,
    recent_labels,
    upcoming,
)
from concepts.labelling.question_queue import Upcoming
from concepts.labelling.review import LabelWithComments
from concepts.results.advice import Advice, advice_for
from concepts.use_cases import Concept, use_case
from concepts.use_cases.parameters import MOST, AuthorName, PictureId
from concepts.view import View


class Coming(View):
    """What a screen asks next, and what it shows with it. `opinion`, `others`: what a model and other people
    say of the picture that was labelled last. `recent`: this person's last labels, oldest first."""

    advice: Advice
    upcoming: Upcoming
    remarks: dict[str, list[Remark]]  # picture id → comments that this person may read
    opinion: Opinion | None = None
    others: list[LabelWithComments] = Field([])
    recent: list[GivenAnswer] = Field([])


@use_case("GET /concepts/{name}/upcoming")
def coming(
    concept: Concept,
    have: Annotated[
        list[PictureId], Field(max_length=100, description="What you have already, in order.")
    ] = [],  # noqa: B006  # pydantic copies it
    limit: Annotated[int, Field(ge=1, le=20, description="How many you want to have.")] = 8,
    after: Annotated[
        str, Field(pattern="^([0-9a-f]{64})?$", description="The picture that you labelled last.")
    ] = "",
    recent: Annotated[int, Field(ge=0, le=MOST, description="How many of your last labels.")] = 0,
    *,
    author: AuthorName,
) -> Coming:
    """What to label next, for a screen that stays: in milliseconds, as more is chosen in the
    background."""
    advice = advice_for(concept)
    more = upcoming(concept, have, 0 if advice.done else limit - len(have), author)
    last = recent_labels(concept, author, recent) if recent else []
    after = after or (last[-1].id if last else "")
    labelled = bool(after and labels_by(concept, [after], author))
    # An earlier comment on a picture that is asked about again would tell the first label.
    first = [picture.id for picture in more.pictures if not picture.repeat]
    shown = [label.id for label in last] + ([after] if labelled else [])
    return Coming(
        advice=advice,
        upcoming=more,
        remarks=comments_on(concept, [*shown, *first], author),
        opinion=opinion_of(concept, after) if labelled else None,
        others=labels_by_others(concept, after, author) if labelled else [],
        recent=last,
    )
