"""Use cases of labelling by people: what to label next, labels, comments, taking them back."""

from __future__ import annotations

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from concepts.definition.revisions import definition_of
from concepts.errors import DiscernError
from concepts.labelling.asking import Purpose, asked_concept, due_again, labelled_again, mixed_with_repeats
from concepts.labelling.consensus import Decision
from concepts.labelling.contact_sheet import GridOrder, GridPage
from concepts.labelling.dataset import AnswerCount, dataset_of
from concepts.labelling.files import remarks_of
from concepts.labelling.label_cache import label_cache_of
from concepts.labelling.question_queue import Upcoming
from concepts.labelling.review import LabelWithComments, what_people_said
from concepts.labelling.rows import answers_in_words, read_answer
from concepts.labelling.selection import WHOLE_LIBRARY, NextPicture
from concepts.labelling.waves import pictures_to_test_with
from concepts.learning.acquisition import Strategy
from concepts.learning.scale import Scale
from concepts.library.collection import collection_of
from concepts.use_cases import App, Concept, use_case
from concepts.use_cases.parameters import MOST, AuthorName, PictureId, RequestKey
from concepts.use_cases.roles import Role
from concepts.view import View
from storage.label_queries import VALUES, Value
from storage.labels import Author, LabelEvent, NewLabel

SHEET = 60  # pictures of a contact sheet

Simulated = Annotated[
    bool, Field(description="No person labelled; that is said wherever these labels count.")
]


class Remark(View):
    """What one person remarks on a picture. `own`: whoever reads it wrote it."""

    author: str
    text: str
    own: bool
    created: datetime


class GivenLabel(BaseModel):
    """One label of a picture. `repeat`: if the person labelled the picture before, that label counts and this
    one is kept beside it."""

    model_config = ConfigDict(extra="forbid")

    picture: PictureId
    value: str = Field(
        min_length=1,
        max_length=80,
        description="yes, no, unsure or skip; of a graded concept a grade such as 4, of exclusive classes "
        "one of them or none.",
    )
    comment: Annotated[str, Field(max_length=2000)] = ""
    repeat: bool = False


class KeptLabel(BaseModel):
    """`repeat`: kept beside the first label, as the question was asked a second time."""

    picture: str
    value: str
    comment: str
    author: str
    author_kind: str
    definition: int
    created: datetime
    repeat: bool


class UndoneLabel(View):
    picture: str
    value: str


class GivenAnswer(View):
    """A label that stands. `key` is what it was committed under, and what undoes it alone."""

    id: str
    path: str
    value: str
    key: str
    purpose: Literal["train", "evaluation"]
    repeat: bool = False


class Tiles(GridPage):
    """Pictures for labelling many at once, with the comments that this person may read."""

    remarks: dict[str, list[Remark]]


class OwnLabel(View):
    """`key`: what the label was committed under. Empty where there is no label, or no comment."""

    value: str = ""
    key: str = ""
    comment: str = ""


OTHER = "This key was used for other labels before. Nothing was kept; send these with a new key."


def scale_of(concept: Concept) -> Scale | None:
    """What a concept is labelled by; None for yes and no."""
    return Scale.read(concept.row.scale)


@use_case("POST /concepts/{name}/labels", role=Role.LABELLER)
def give_labels(
    concept: Concept,
    answers: Annotated[list[GivenLabel], Field(min_length=1, max_length=MOST, description="A label each.")],
    simulated: Simulated = False,
    in_view: Annotated[
        bool,
        Field(description="The person saw what the machine says of these pictures: they measure nothing."),
    ] = False,
    *,
    author: AuthorName,
    key: RequestKey = None,
) -> list[KeptLabel]:
    """Commits labels, together or not at all, before it replies."""
    base = _own_key(concept, author, key)
    keyed = {f"{base}/{i}": label for i, label in enumerate(answers)}
    kept = commit_labels(
        concept, keyed, Author(author, "simulated" if simulated else "person"), in_view=in_view
    )
    return [
        KeptLabel(
            picture=event.picture_id,
            value=event.said,
            comment=event.comment,
            author=event.author.name,
            author_kind=event.author.kind,
            definition=event.definition_number,
            created=event.created,
            repeat=event.repeat,
        )
        for event in (kept[key] for key in keyed)
    ]


def give_label(
    concept: Concept,
    picture_id: str,
    value: str,
    comment: str = "",
    *,
    author: str,
    key: str | None = None,
    simulated: bool = False,
    in_view: bool = False,
) -> None:
    """Commits one label of a person, in any spelling of its value."""
    read = read_answer(value, scale_of(concept))
    word = (read[1] or read[0]) if read else value
    # What is no picture of the library has an error of its own.
    label = GivenLabel.model_construct(picture=picture_id, value=word, comment=comment)
    who = Author(author, "simulated" if simulated else "person")
    commit_labels(concept, {key or uuid.uuid4().hex: label}, who, in_view=in_view)


def commit_labels(
    concept: Concept, given: Mapping[str, GivenLabel], author: Author, *, in_view: bool = False
) -> dict[str, LabelEvent]:
    """Commits labels under their keys, together or not at all, and returns what is kept by key: for a
    repeated request what the first one brought. `in_view`: the person saw what the machine says of these
    pictures, so that the labels measure nothing. A `repeat` is kept beside the first label, which counts;
    where there is none it is a label like any other.

    Raises `DiscernError` for bad input, and where a key came with another label before.
    """
    scale = scale_of(concept)
    read: dict[str, tuple[Value, str | None]] = {}  # and the grade or class where there is one
    for key, one in given.items():
        spelled = scale is not None or one.value in VALUES  # programs spell yes one way
        known = read_answer(one.value, scale) if spelled else None
        if known is None:
            raise DiscernError(f"“{one.value[:80]}” is no label. Say {labels_in_words(concept)}.")
        read[key] = known
    kept = _kept(concept, given, read, author)
    if len(kept) == len(given):
        return kept
    collection_of(concept.app).library.require([one.picture for one in given.values()])
    number = definition_of(concept).number
    asked = [] if in_view else [one.picture for one in given.values() if one.repeat]
    again = labelled_again(concept, author, asked)
    labels = [
        NewLabel(
            key,
            one.picture,
            read[key][0],
            author,
            number,
            one.comment,
            in_view=in_view,
            repeat=one.picture in again,
            given=read[key][1],
        )
        for key, one in given.items()
    ]
    concept.app.log.append(concept.id, labels)
    return _kept(concept, given, read, author)


@use_case("POST /concepts/{name}/labels/undo", command="concept labels undo", role=Role.LABELLER)
def undo_labels(
    concept: Concept,
    count: Annotated[int, Field(ge=1, le=MOST, description="How many of your last labels.")] = 1,
    only: Annotated[
        list[str],
        Field(
            max_length=MOST,
            description="Those of these requests, by Idempotency-Key, or these labels, by key.",
        ),
    ] = [],  # noqa: B006  # pydantic copies it
    *,
    author: AuthorName,
    key: RequestKey = None,
) -> list[UndoneLabel]:
    """Take back your last labels. They stay in the log; the labels before them count again."""
    keys = [one for asked in only for one in _keys_of(concept, author, asked)]
    if only and not keys:
        return []
    return take_back_labels(
        concept, author=author, count=count, key=_own_key(concept, author, key), only=keys
    )


def take_back_labels(
    concept: Concept, *, author: str, count: int = 1, key: str | None = None, only: Sequence[str] = ()
) -> list[UndoneLabel]:
    """Takes back this author's last labels, or `only` those with these keys."""
    undone: list[LabelEvent] = []
    for kind in ("person", "simulated"):
        undone = concept.app.log.undo(concept.id, key or uuid.uuid4().hex, Author(author, kind), count, only)
        if undone:
            break
    return [UndoneLabel(picture=event.picture_id, value=event.said) for event in undone]


def labels_in_words(concept: Concept) -> str:
    """Which labels there are."""
    return answers_in_words(scale_of(concept))


@use_case("GET /concepts/{name}/next")
def next_to_label(
    concept: Concept,
    limit: Annotated[
        int, Field(ge=1, le=MOST, description="At most how many new ones; repeats come on top.")
    ] = 5,
    purpose: Annotated[Purpose, Field(description="For the training set or the test set.")] = "train",
    *,
    author: AuthorName,
) -> list[NextPicture]:
    """The most useful pictures to label now. A `repeat` was labelled before and is shown like any other:
    in the training set its label is probably wrong; in the test set it tells how consistent they are."""
    return next_pictures(concept, limit, purpose=purpose, author=author)


def next_pictures(
    concept: Concept,
    n: int = 5,
    *,
    purpose: Purpose = "train",
    waiting: Sequence[str] = (),
    author: str | None = None,
    ways: Strategy | None = None,
) -> list[NextPicture]:
    """The n pictures whose labels help most now. Those `waiting` for a label already are not chosen
    again. A person with a name is now and then asked again what measures, besides the n. `ways` names
    other ways to learn and to choose than the app's own."""
    found = asked_concept(concept).next(n, waiting, purpose, ways)
    if author is None or purpose != "evaluation":
        return found
    return mixed_with_repeats(concept, author, found, n, waiting)


def upcoming(concept: Concept, have: Sequence[str], n: int, author: str | None = None) -> Upcoming:
    """Up to n more pictures to ask about, behind those a screen `has`. Takes milliseconds: what helps
    most is chosen in the background. A person with a name is now and then asked again."""
    again: list[str] = []
    # What a screen has of answered pictures are second ones on their way.
    if author is not None and n > 0 and decisions_of(concept).keys().isdisjoint(have):
        again = due_again(concept, author, 1)
    return asked_concept(concept).upcoming(have, n, again)


@use_case("GET /concepts/{name}/tiles")
def label_tiles(
    concept: Concept,
    order: Annotated[
        GridOrder, Field(description="What comes first; wall: a sheet of every kind.")
    ] = "likely",
    query: Annotated[str, Field(max_length=300, description="A search of the description.")] = "",
    limit: Annotated[int, Field(ge=1, le=SHEET, description="How many at most.")] = 36,
    *,
    author: AuthorName,
) -> Tiles:
    """Unlabelled pictures for labelling many at once, in milliseconds; `wall` is a contact sheet."""
    page = label_grid(concept, order, query=query, n=limit)
    remarks = comments_on(concept, [picture.id for picture in page.pictures], author)
    return Tiles(**dict(page), remarks=remarks)


@use_case("GET /concepts/{name}/own-labels")
def own_labels(
    concept: Concept,
    picture: Annotated[list[PictureId], Field(max_length=MOST, description="Of these pictures.")],
    *,
    author: AuthorName,
) -> dict[str, OwnLabel]:
    """Your own labels and comments, by picture."""
    said = {event.picture_id: event for event in labels_by(concept, picture, author)}
    remarks = own_comments(concept, picture, author)
    return {
        one: OwnLabel(
            value=said[one].said if one in said else "",
            key=said[one].key if one in said else "",
            comment=remarks.get(one, ""),
        )
        for one in {*said, *remarks}
    }


def label_grid(concept: Concept, order: GridOrder, *, query: str = "", n: int = 36) -> GridPage:
    """Up to n unlabelled pictures for labelling many at once. Takes milliseconds: what is known is shown,
    and what is newer is worked out in the background."""
    return asked_concept(concept).grid(order, query, n)


@use_case("GET /concepts/{name}/contact-sheet")
def contact_sheet(concept: Concept) -> list[NextPicture]:
    """At most 60 pictures of every kind, none of which was on a contact sheet before; the same until it
    was looked through. It takes a second or two of a large library."""
    return asked_concept(concept).rank("wall", "").pictures


@use_case("POST /concepts/{name}/contact-sheet", role=Role.LABELLER)
def label_sheet(
    concept: Concept,
    pictures: Annotated[
        list[PictureId], Field(min_length=1, max_length=SHEET, description="All of the sheet.")
    ],
    counts: Annotated[
        list[PictureId],
        Field(max_length=SHEET, description="Those that count. The others get no label but teach a little."),
    ] = [],  # noqa: B006  # pydantic copies it
    simulated: Simulated = False,
    labels: Annotated[
        list[GivenLabel], Field(max_length=SHEET, description="Other labels of pictures on the sheet.")
    ] = [],  # noqa: B006
    *,
    author: AuthorName,
    key: RequestKey = None,
) -> None:
    """Commits what counts on a contact sheet, and that the rest was looked through: none of it is on a
    later sheet. The same key again changes nothing."""
    given = [GivenLabel(picture=picture, value="yes", repeat=True) for picture in dict.fromkeys(counts)]
    given += labels
    elsewhere = next((one.picture for one in given if one.picture not in set(pictures)), None)
    if elsewhere is not None:
        raise DiscernError(f"Picture {elsewhere[:12]} isn't on this contact sheet. Nothing was kept.")
    collection_of(concept.app).library.require(pictures)
    base = _own_key(concept, author, key)
    if given and not concept.app.walls.has(base):
        who = Author(author, "simulated" if simulated else "person")
        commit_labels(concept, {f"{base}/{i}": one for i, one in enumerate(given)}, who)
    looked_through(concept, pictures, author=author, key=base)


def looked_through(concept: Concept, pictures: Sequence[str], *, author: str, key: str) -> None:
    """Keeps that somebody looked through a contact sheet of these pictures."""
    collection_of(concept.app).library.require(pictures)
    concept.app.walls.add(concept.id, key, author, pictures)


def unlabelled_left(concept: Concept, purpose: Purpose = "train") -> int:
    """How many pictures are unlabelled of those that can be asked about: to measure with, or to learn
    from (of a large library its candidates)."""
    dataset = dataset_of(concept)
    if purpose == "evaluation":
        return len(set(pictures_to_test_with(concept)) - dataset.decisions.keys())
    pictures = collection_of(concept.app).count_for(concept.id)
    closed = dataset.reserved | dataset.decisions.keys()
    if not dataset.frame.is_whole:
        closed = set(collection_of(concept.app).frames.among(concept.id, closed))
    return pictures - len(closed) if pictures <= WHOLE_LIBRARY else len(dataset.candidates.keys() - closed)


def label_count(concept: Concept) -> AnswerCount:
    """How many labels there are and what they are for, without reading them all again."""
    return label_cache_of(concept.app).count(concept.id)


def decisions_of(concept: Concept) -> dict[str, Decision]:
    """Picture id → what people decided, without reading all labels again."""
    return label_cache_of(concept.app).decisions(concept.id)


def recent_labels(concept: Concept, author: str, n: int) -> list[GivenAnswer]:
    """This person's last labels that stand, oldest first."""
    events = concept.app.log.recent(concept.id, Author(author), n)[::-1]
    apart = concept.app.store.kept_apart(concept.id)
    paths = collection_of(concept.app).paths([event.picture_id for event in events])
    return [
        GivenAnswer(
            id=event.picture_id,
            path=paths.get(event.picture_id, ""),
            value=event.said,
            key=event.key,
            purpose="evaluation" if event.picture_id in apart else "train",
            repeat=event.repeat,
        )
        for event in events
    ]


def labels_by(concept: Concept, picture_ids: Sequence[str], author: str) -> list[LabelEvent]:
    """What this person says of each of a few pictures, where they have said anything that stands."""
    standing = concept.app.log.standing(concept.id, ("person",), picture_ids)
    return [event for event in standing if event.author == Author(author)]


def labels_by_others(concept: Concept, picture_id: str, author: str) -> list[LabelWithComments]:
    """What other people say of a picture, to be shown to who has labelled it: never before."""
    standing = concept.app.log.standing(concept.id, ("person",), [picture_id])
    remarks = concept.app.log.comments(concept.id, [picture_id])
    said = what_people_said(standing, remarks).get(picture_id, [])
    return [one for one in said if one.author != author]


@use_case("PUT /concepts/{name}/comments/{picture_id}", role=Role.LABELLER)
def write_comment(
    concept: Concept,
    picture_id: PictureId,
    text: Annotated[str, Field(max_length=2000, description="An empty one takes your comments back.")],
    beside: Annotated[bool, Field(description="In addition to your earlier ones.")] = False,
    *,
    author: AuthorName,
    key: RequestKey = None,
) -> None:
    """Comment on a picture, in place of your earlier comments; it changes no label."""
    comment_on(concept, picture_id, text, author=author, key=_own_key(concept, author, key), beside=beside)


def comment_on(
    concept: Concept, picture_id: str, text: str, *, author: str, key: str, beside: bool = False
) -> None:
    """Keeps a comment on a picture in the place of this person's earlier ones, or `beside` them; it
    changes no label. An empty text takes the earlier ones back. The same key again changes nothing.

    Raises `DiscernError` for an empty text where there is nothing to take back.
    """
    text, log = text.strip(), concept.app.log
    collection_of(concept.app).library.require([picture_id])
    if not text and not log.with_keys([key]) and not own_comments(concept, [picture_id], author):
        raise DiscernError("The comment is empty.")
    number = definition_of(concept).number
    log.comment(concept.id, key, picture_id, Author(author), number, text, beside=beside)


def comments_on(concept: Concept, picture_ids: Sequence[str], author: str) -> dict[str, list[Remark]]:
    """Picture id → the comments that this person may read, oldest first: their own, and those of others
    once they have labelled the picture themselves. A skip is no label."""
    who, log = Author(author), concept.app.log
    events = log.comments(concept.id, picture_ids)
    foreign = sorted({event.picture_id for event in events if event.author != who})
    standing = log.standing(concept.id, ("person",), foreign) if foreign else []
    open_to = {e.picture_id for e in standing if e.author.name == author and e.value != "skip"}
    found: dict[str, list[Remark]] = defaultdict(list)
    for event in events:
        if event.author == who or event.picture_id in open_to:
            found[event.picture_id].append(
                Remark(
                    author=event.author.name,
                    text=event.comment,
                    own=event.author == who,
                    created=event.created,
                )
            )
    return dict(found)


def own_comments(concept: Concept, picture_ids: Sequence[str], author: str) -> dict[str, str]:
    """Picture id → all that this person remarks on it."""
    said = remarks_of(concept.app.log.comments(concept.id, picture_ids))
    return {picture_id: text for (picture_id, who), text in said.items() if who == Author(author)}


def _kept(
    concept: Concept,
    given: Mapping[str, GivenLabel],
    read: Mapping[str, tuple[Value, str | None]],
    author: Author,
) -> dict[str, LabelEvent]:
    kept = concept.app.log.with_keys(list(given))
    for key, event in kept.items():
        same = (event.picture_id, (event.value, event.given), event.comment, event.author)
        if same != (given[key].picture, read[key], given[key].comment, author):
            raise DiscernError(OTHER)
    if kept and len(kept) < len(given):  # a request keeps all its labels or none, so the first had fewer
        raise DiscernError(OTHER)
    return kept


def _keys_of(concept: Concept, author: str, asked: str) -> list[str]:
    """The keys of the labels that came with a request of this key, or of the label that has it."""
    base = _own_key(concept, author, asked)
    of_request = [f"{base}/{i}" for i in range(MOST)]
    of_earlier_sheet = [f"{base}.{i}" for i in range(SHEET)]
    return list(concept.app.log.with_keys([asked, *of_request, *of_earlier_sheet]))


def _own_key(concept: Concept, author: str, key: str | None) -> str:
    """What a request's key is kept as: one person's for one concept never meets another's."""
    if key is None:
        return uuid.uuid4().hex
    return hashlib.sha256(f"{author}\n{concept.id}\n{key}".encode()).hexdigest()[:48]


def comments_of_picture(app: App, picture_id: str, author: str) -> dict[str, list[Remark]]:
    """Concept → the comments on a picture that this person may read; only concepts with some."""
    found = {
        row.name: comments_on(Concept(app, row), [picture_id], author).get(picture_id, [])
        for row in app.store.all()
    }
    return {name: comments for name, comments in found.items() if comments}
