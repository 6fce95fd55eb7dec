"""Use cases of labelling by people: what to label next, labels, comments, taking them back."""

from __future__ import annotations

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

from concepts.collaborator.suggestions import Opinion
from concepts.errors import ConflictError, DiscernError
from concepts.installation.users import Role
from concepts.labelling.consensus import Decision
from concepts.labelling.contact_sheet import GridOrder, GridPage
from concepts.labelling.dataset import AnswerCount
from concepts.labelling.files import remarks_of
from concepts.labelling.question_queue import Upcoming
from concepts.labelling.review import LabelWithComments, what_people_said
from concepts.labelling.rows import answers_in_words, read_answer
from concepts.labelling.selection import WHOLE_LIBRARY, NextPicture
from concepts.learning.acquisition import Strategy
from concepts.learning.scale import Scale
from concepts.view import View
from concepts.workbench.advice import Advice, advise
from concepts.workbench.asking import AskedConcept, SecondTime
from concepts.workbench.concept_views import GivenAnswer
from concepts.workbench.context import Purpose
from concepts.workbench.operation import MOST, AuthorName, PictureId, RequestKey, operation
from storage.label_queries import VALUES, Value
from storage.labels import Author, LabelEvent, NewLabel

if TYPE_CHECKING:
    from concepts.workbench.concept import Concept

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


class Coming(View):
    """What a screen asks next, and what it shows with it. `opinion`, `others`: what a model and other people
    say of the picture that was labelled last. `recent`: this person's last labels, oldest first."""

    advice: Advice
    upcoming: Upcoming
    remarks: dict[str, list[Remark]]  # picture id → comments that this person may read
    opinion: Opinion | None = None
    others: list[LabelWithComments] = Field([])
    recent: list[GivenAnswer] = Field([])


class Tiles(GridPage):
    """Pictures for labelling many at once, with the comments that this person may read."""

    remarks: dict[str, list[Remark]]


class OwnLabel(View):
    """`key`: what the label was committed under. Empty where there is no label, or no comment."""

    value: str = ""
    key: str = ""
    comment: str = ""


class Labels:
    """Labels of people: which pictures to label, giving labels, taking them back."""

    def __init__(self, concept: Concept) -> None:
        self._bench, self._context, self._concept = concept.bench, concept.context, concept.row
        self._rechecks = SecondTime(concept.context, concept.row)

    @property
    def _asked(self) -> AskedConcept:
        return self._bench.asking.of(self._concept)

    @property
    def _scale(self) -> Scale | None:
        return Scale.read(self._concept.scale)

    # Giving labels

    @operation("POST /labels", role=Role.LABELLER)
    def add(
        self,
        answers: Annotated[
            list[GivenLabel], Field(min_length=1, max_length=MOST, description="A label each.")
        ],
        simulated: Simulated = False,
        in_view: Annotated[
            bool,
            Field(
                description="The person saw what the machine says of these pictures: they measure nothing."
            ),
        ] = False,
        *,
        author: AuthorName,
        key: RequestKey = None,
    ) -> list[KeptLabel]:
        """Commits labels, together or not at all, before it replies."""
        base = self._own_key(author, key)
        keyed = {f"{base}/{i}": label for i, label in enumerate(answers)}
        kept = self.commit(keyed, Author(author, "simulated" if simulated else "person"), in_view=in_view)
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

    def give(
        self,
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
        read = read_answer(value, self._scale)
        word = (read[1] or read[0]) if read else value
        # What is no picture of the library has an error of its own.
        label = GivenLabel.model_construct(picture=picture_id, value=word, comment=comment)
        who = Author(author, "simulated" if simulated else "person")
        self.commit({key or uuid.uuid4().hex: label}, who, in_view=in_view)

    def commit(
        self, given: Mapping[str, GivenLabel], author: Author, *, in_view: bool = False
    ) -> dict[str, LabelEvent]:
        """Commits labels under their keys, together or not at all, and returns what is kept by key: for a
        repeated request what the first one brought. `in_view`: the person saw what the machine says of these
        pictures, so that the labels measure nothing. A `repeat` is kept beside the first label, which counts;
        where there is none it is a label like any other.

        Raises `DiscernError` for bad input, `ConflictError` where a key came with another label before.
        """
        concept, context = self._concept, self._context
        read: dict[str, tuple[Value, str | None]] = {}  # and the grade or class where there is one
        for key, one in given.items():
            spelled = self._scale is not None or one.value in VALUES  # programs spell yes one way
            known = read_answer(one.value, self._scale) if spelled else None
            if known is None:
                raise DiscernError(f"“{one.value[:80]}” is no label. Say {self.in_words()}.")
            read[key] = known
        kept = self._kept(given, read, author)
        if len(kept) == len(given):
            return kept
        context.collection.library.require([one.picture for one in given.values()])
        number = context.revision(concept).number
        asked = [] if in_view else [one.picture for one in given.values() if one.repeat]
        again = self._rechecks.among(author, asked)
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
        context.log.append(concept.id, labels)
        return self._kept(given, read, author)

    @operation("POST /labels/undo", command="labels undo", role=Role.LABELLER)
    def undo(
        self,
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
        keys = [one for asked in only for one in self._keys_of(author, asked)]
        if only and not keys:
            return []
        return self.take_back(author=author, count=count, key=self._own_key(author, key), only=keys)

    def take_back(
        self, *, author: str, count: int = 1, key: str | None = None, only: Sequence[str] = ()
    ) -> list[UndoneLabel]:
        """Takes back this author's last labels, or `only` those with these keys."""
        undone: list[LabelEvent] = []
        for kind in ("person", "simulated"):
            undone = self._context.log.undo(
                self._concept.id, key or uuid.uuid4().hex, Author(author, kind), count, only
            )
            if undone:
                break
        return [UndoneLabel(picture=event.picture_id, value=event.said) for event in undone]

    def in_words(self) -> str:
        """Which labels there are."""
        return answers_in_words(self._scale)

    # What to label next

    @operation("GET /next")
    def next(
        self,
        limit: Annotated[
            int, Field(ge=1, le=MOST, description="At most how many new ones; repeats come on top.")
        ] = 5,
        purpose: Annotated[Purpose, Field(description="For the training set or the test set.")] = "train",
        *,
        author: AuthorName,
    ) -> list[NextPicture]:
        """The most useful pictures to label now. A `repeat` was labelled before and is shown like any other:
        in the training set its label is probably wrong; in the test set it tells how consistent they are."""
        return self.next_pictures(limit, purpose=purpose, author=author)

    def next_pictures(
        self,
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
        found = self._asked.next(n, waiting, purpose, ways)
        if author is None or purpose != "evaluation":
            return found
        return self._rechecks.mixed(author, found, n, waiting)

    def upcoming(self, have: Sequence[str], n: int, author: str | None = None) -> Upcoming:
        """Up to n more pictures to ask about, behind those a screen `has`. Takes milliseconds: what helps
        most is chosen in the background. A person with a name is now and then asked again."""
        again: list[str] = []
        # What a screen has of answered pictures are second ones on their way.
        if author is not None and n > 0 and self.decisions().keys().isdisjoint(have):
            again = self._rechecks.due(author, 1)
        return self._asked.upcoming(have, n, again)

    @operation("GET /upcoming")
    def coming(
        self,
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
        advice = self.advice()
        more = self.upcoming(have, 0 if advice.done else limit - len(have), author)
        last = self.recent(author, recent) if recent else []
        after = after or (last[-1].id if last else "")
        labelled = bool(after and self.own([after], author))
        # An earlier comment on a picture that is asked about again would tell the first label.
        first = [picture.id for picture in more.pictures if not picture.repeat]
        shown = [label.id for label in last] + ([after] if labelled else [])
        return Coming(
            advice=advice,
            upcoming=more,
            remarks=self.comments([*shown, *first], author),
            opinion=self._bench.concept_of(self._concept.id).annotations.opinion(after) if labelled else None,
            others=self.others(after, author) if labelled else [],
            recent=last,
        )

    @operation("GET /tiles")
    def tiles(
        self,
        order: Annotated[
            GridOrder, Field(description="What comes first; wall: a sheet of every kind.")
        ] = "likely",
        query: Annotated[str, Field(max_length=300, description="A search of the description.")] = "",
        limit: Annotated[int, Field(ge=1, le=SHEET, description="How many at most.")] = 36,
        *,
        author: AuthorName,
    ) -> Tiles:
        """Unlabelled pictures for labelling many at once, in milliseconds; `wall` is a contact sheet."""
        page = self.grid(order, query=query, n=limit)
        remarks = self.comments([picture.id for picture in page.pictures], author)
        return Tiles(**dict(page), remarks=remarks)

    @operation("GET /own-labels")
    def own_labels(
        self,
        picture: Annotated[list[PictureId], Field(max_length=MOST, description="Of these pictures.")],
        *,
        author: AuthorName,
    ) -> dict[str, OwnLabel]:
        """Your own labels and comments, by picture."""
        said = {event.picture_id: event for event in self.own(picture, author)}
        remarks = self.own_comments(picture, author)
        return {
            one: OwnLabel(
                value=said[one].said if one in said else "",
                key=said[one].key if one in said else "",
                comment=remarks.get(one, ""),
            )
            for one in {*said, *remarks}
        }

    def grid(self, order: GridOrder, *, query: str = "", n: int = 36) -> GridPage:
        """Up to n unlabelled pictures for labelling many at once. Takes milliseconds: what is known is shown,
        and what is newer is worked out in the background."""
        return self._asked.grid(order, query, n)

    @operation("GET /contact-sheet")
    def contact_sheet(self) -> list[NextPicture]:
        """At most 60 pictures of every kind, none of which was on a contact sheet before; the same until it
        was looked through. It takes a second or two of a large library."""
        return self._asked.rank("wall", "").pictures

    @operation("POST /contact-sheet", role=Role.LABELLER)
    def answer_sheet(
        self,
        pictures: Annotated[
            list[PictureId], Field(min_length=1, max_length=SHEET, description="All of the sheet.")
        ],
        counts: Annotated[
            list[PictureId],
            Field(
                max_length=SHEET, description="Those that count. The others get no label but teach a little."
            ),
        ] = [],  # noqa: B006  # pydantic copies it
        simulated: Simulated = False,
        *,
        author: AuthorName,
        key: RequestKey = None,
    ) -> None:
        """Commits what counts on a contact sheet, and that the rest was looked through: none of it is on a
        later sheet. The same key again changes nothing."""
        elsewhere = next((picture for picture in counts if picture not in set(pictures)), None)
        if elsewhere is not None:
            raise DiscernError(f"Picture {elsewhere[:12]} isn't on this contact sheet. Nothing was kept.")
        self._context.collection.library.require(pictures)
        base = self._own_key(author, key)
        if counts and not self._context.walls.has(base):
            who = Author(author, "simulated" if simulated else "person")
            self.commit(
                {
                    f"{base}.{i}": GivenLabel(picture=picture, value="yes", repeat=True)
                    for i, picture in enumerate(dict.fromkeys(counts))
                },
                who,
            )
        self.looked_through(pictures, author=author, key=base)

    def looked_through(self, pictures: Sequence[str], *, author: str, key: str) -> None:
        """Keeps that somebody looked through a contact sheet of these pictures."""
        self._context.collection.library.require(pictures)
        self._context.walls.add(self._concept.id, key, author, pictures)

    def remaining(self, purpose: Purpose = "train") -> int:
        """How many pictures are unlabelled of those that can be asked about: to measure with, or to learn
        from (of a large library its candidates)."""
        context, concept = self._context, self._concept
        dataset = context.dataset(concept)
        if purpose == "evaluation":
            return len(set(context.to_answer(concept)) - dataset.decisions.keys())
        pictures = context.collection.count_for(concept.id)
        closed = dataset.reserved | dataset.decisions.keys()
        if not dataset.frame.is_whole:
            closed = set(context.collection.frames.among(concept.id, closed))
        return (
            pictures - len(closed) if pictures <= WHOLE_LIBRARY else len(dataset.candidates.keys() - closed)
        )

    # What was said

    def count(self) -> AnswerCount:
        """How many labels there are and what they are for, without reading them all again."""
        return self._context.label_cache.count(self._concept.id)

    def decisions(self) -> dict[str, Decision]:
        """Picture id → what people decided, without reading all labels again."""
        return self._context.label_cache.decisions(self._concept.id)

    def advice(self) -> Advice:
        """What more labels would bring, and what a rare concept takes, in words."""
        return advise(self._context, self._concept)

    def recent(self, author: str, n: int) -> list[GivenAnswer]:
        """This person's last labels that stand, oldest first."""
        context, concept = self._context, self._concept
        events = context.log.recent(concept.id, Author(author), n)[::-1]
        apart = context.store.kept_apart(concept.id)
        paths = context.collection.paths([event.picture_id for event in events])
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

    def own(self, picture_ids: Sequence[str], author: str) -> list[LabelEvent]:
        """What this person says of each of a few pictures, where they have said anything that stands."""
        standing = self._context.log.standing(self._concept.id, ("person",), picture_ids)
        return [event for event in standing if event.author == Author(author)]

    def others(self, picture_id: str, author: str) -> list[LabelWithComments]:
        """What other people say of a picture, to be shown to who has labelled it: never before."""
        standing = self._context.log.standing(self._concept.id, ("person",), [picture_id])
        remarks = self._context.log.comments(self._concept.id, [picture_id])
        said = what_people_said(standing, remarks).get(picture_id, [])
        return [one for one in said if one.author != author]

    # Comments

    @operation("PUT /comments/{picture_id}", role=Role.LABELLER)
    def remark(
        self,
        picture_id: PictureId,
        text: Annotated[str, Field(max_length=2000, description="An empty one takes your comments back.")],
        beside: Annotated[bool, Field(description="In addition to your earlier ones.")] = False,
        *,
        author: AuthorName,
        key: RequestKey = None,
    ) -> None:
        """Comment on a picture, in place of your earlier comments; it changes no label."""
        self.comment(picture_id, text, author=author, key=self._own_key(author, key), beside=beside)

    def comment(self, picture_id: str, text: str, *, author: str, key: str, beside: bool = False) -> None:
        """Keeps a comment on a picture in the place of this person's earlier ones, or `beside` them; it
        changes no label. An empty text takes the earlier ones back. The same key again changes nothing.

        Raises `DiscernError` for an empty text where there is nothing to take back.
        """
        text, log = text.strip(), self._context.log
        self._context.collection.library.require([picture_id])
        if not text and not log.with_keys([key]) and not self.own_comments([picture_id], author):
            raise DiscernError("The comment is empty.")
        number = self._context.revision(self._concept).number
        log.comment(self._concept.id, key, picture_id, Author(author), number, text, beside=beside)

    def comments(self, picture_ids: Sequence[str], author: str) -> dict[str, list[Remark]]:
        """Picture id → the comments that this person may read, oldest first: their own, and those of others
        once they have labelled the picture themselves. A skip is no label."""
        who, log = Author(author), self._context.log
        events = log.comments(self._concept.id, picture_ids)
        foreign = sorted({event.picture_id for event in events if event.author != who})
        standing = log.standing(self._concept.id, ("person",), foreign) if foreign else []
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

    def own_comments(self, picture_ids: Sequence[str], author: str) -> dict[str, str]:
        """Picture id → all that this person remarks on it."""
        said = remarks_of(self._context.log.comments(self._concept.id, picture_ids))
        return {picture_id: text for (picture_id, who), text in said.items() if who == Author(author)}

    # Inside

    def _kept(
        self,
        given: Mapping[str, GivenLabel],
        read: Mapping[str, tuple[Value, str | None]],
        author: Author,
    ) -> dict[str, LabelEvent]:
        kept = self._context.log.with_keys(list(given))
        for key, event in kept.items():
            same = (event.picture_id, (event.value, event.given), event.comment, event.author)
            if same != (given[key].picture, read[key], given[key].comment, author):
                raise ConflictError("The same key came with another label before, so this one was not taken.")
        return kept

    def _keys_of(self, author: str, asked: str) -> list[str]:
        """The keys of the labels that came with a request of this key, or of the label that has it."""
        base = self._own_key(author, asked)
        return list(self._context.log.with_keys([asked, *(f"{base}/{i}" for i in range(MOST))]))

    def _own_key(self, author: str, key: str | None) -> str:
        """What a request's key is kept as: one person's for one concept never meets another's."""
        if key is None:
            return uuid.uuid4().hex
        return hashlib.sha256(f"{author}\n{self._concept.id}\n{key}".encode()).hexdigest()[:48]
