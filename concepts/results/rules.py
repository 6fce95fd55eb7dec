"""Rules over finished concepts, by and, or, not; and one table of what all concepts say of every picture."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, TypeAdapter

from concepts.bundle.facts import Combined, Expression
from concepts.bundle.rule_text import parse, text_of
from concepts.bundle.score import Column, table_rows, table_schema, write_scores
from concepts.errors import ConflictError, DiscernError, NotScoredError, UnknownError
from concepts.jobs import Lane, Progress, Started
from concepts.labelling.label_cache import label_cache_of
from concepts.learning.base import StackedHeads
from concepts.library.browsing import place_and_shape, views_of
from concepts.library.collection import collection_of
from concepts.library.placed_scores import with_places
from concepts.results.bundles import archive_of, changed, exported
from concepts.results.export import ExportResult, export_heads
from concepts.results.heads import SCORED_AT_ONCE, head_of
from concepts.results.library_scores import PicturesDone
from concepts.results.rule_scores import (
    CombinationView,
    LibraryRule,
    Member,
    MemberSaid,
    RuleCache,
    RuleOrder,
    RulePicture,
    Tried,
)
from concepts.results.training import check_fingerprint, linear_head
from concepts.results.versions import concept_stem
from concepts.use_cases import App, Concept, service, use_case
from concepts.use_cases.declaration import kind_of
from concepts.use_cases.names import checked_name
from concepts.use_cases.parameters import AuthorName, Limit, Offset
from concepts.use_cases.roles import Role
from concepts.view import View, count
from storage.choices import StoredCombination
from storage.heads import StoredHead
from storage.names import key_of
from storage.tables import ConceptRow

MOST_MEMBERS = 20
READ: TypeAdapter[Expression] = TypeAdapter(Expression)

RuleText = Annotated[
    str,
    Field(
        max_length=2000,
        description="Such as `messy room AND NOT (people OR pets)`; a name with brackets or one of the three "
        "words in quotes.",
    ),
]
RuleName = Annotated[str, Field(max_length=1000, description="The name a rule was kept under.")]
NewRuleName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=1000,
        pattern=r"^[^/\\]*[^/\\\s][^/\\]*$",
        description="Kept again under a name, a rule takes the place of the one before.",
    ),
]
Threshold = Annotated[float, Field(gt=0, lt=1, description="From which probability on a picture is flagged.")]
OtherThreshold = Annotated[
    float | None, Field(gt=0, lt=1, description="The same; without it, the kept rule's own, else 0.5.")
]
Order = Annotated[RuleOrder, Field(description="The most probable first, or those that are nearly flagged.")]
TableFormat = Annotated[Literal["csv", "parquet"], Field(description="The kind of file.")]
Names = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=120)]],
    Field(max_length=1000, description="Of these concepts; all if left out."),
]


class TableColumns(View):
    """What a table would hold: the version of each concept. `left_out`: why others aren't in it."""

    concepts: dict[str, int]
    left_out: dict[str, str]


class TableResult(View):
    """`concepts`: the version of each that is in it. `left_out`: why others aren't."""

    out: str
    rows: int
    concepts: dict[str, int]
    left_out: dict[str, str]

    def says(self) -> str:
        return f"{count(self.rows, 'picture')}, {count(len(self.concepts), 'concept')}."


class WrittenTable(View):
    """A table that was written into the data folder."""

    job: int
    suffix: str
    rows: int
    concepts: int
    left_out: int
    finished: datetime


@dataclass(frozen=True)
class _Rule:
    """A rule whose concepts are known, each with the version that speaks for it."""

    members: tuple[tuple[Concept, StoredHead], ...]
    expression: Expression
    threshold: float = 0.5

    @property
    def heads(self) -> list[StoredHead]:
        return [head for _, head in self.members]

    @property
    def names(self) -> list[str]:
        return [concept.name for concept, _ in self.members]

    @property
    def text(self) -> str:
        return text_of(self.expression, self.names)

    @property
    def views(self) -> tuple[Member, ...]:
        return tuple(Member(concept=concept.name, version=head.number) for concept, head in self.members)


@service
def _cache_of(app: App) -> RuleCache:
    return RuleCache()


def read_rule(app: App, rule: str) -> tuple[Expression, list[str]]:
    """A rule as it is understood, and the names of its concepts by their place. Raises `RuleTextError`,
    and what there is to say of a concept that can't be part of one."""
    found = _read(app, rule)
    return found.expression, found.names


@use_case("GET /combine")
def pictures_by_rule(
    app: App,
    rule: RuleText = "",
    kept: RuleName = "",
    threshold: OtherThreshold = None,
    order: Order = "top",
    limit: Limit = 24,
    offset: Offset = 0,
) -> Tried:
    """The library as a rule of the newest versions ranks it, or as the rule `kept` under a name does with
    its own versions.

    Raises `NotScoredError` where the library is large and has no scores for this rule yet.
    """
    found = _asked(app, rule, kept)
    line = found.threshold if threshold is None else _checked(threshold)
    scores = _on_library(app, found, wait=False)
    answers = [label_cache_of(app).decisions(concept.id) for concept, _ in found.members]
    listed = scores.places(order, line, _waiting(app, found))
    rows = listed[offset : offset + limit]
    ids = scores.ids.at(rows)
    pictures = {one.id: one for one in views_of(collection_of(app).library.pictures(ids))}
    shown = []
    columns = (scores.probability, scores.members)
    for i, p, own in zip(ids, *(of[rows].tolist() for of in columns), strict=True):
        said = tuple(
            MemberSaid(
                concept=concept.name,
                probability=probability,
                said=of[i].value if i in of else "",
            )
            for (concept, _), of, probability in zip(found.members, answers, own, strict=True)
        )
        flagged = bool(p >= np.float32(line))
        shown.append(
            RulePicture(
                id=i, **place_and_shape(pictures.get(i)), probability=p, flagged=flagged, members=said
            )
        )
    return Tried(
        rule=found.text,
        threshold=line,
        members=found.views,
        total=len(scores.ids),
        listed=len(listed),
        flagged=int((scores.probability >= np.float32(line)).sum()),
        nearly=int(scores.nearly(line).sum()),
        order=order,
        start=offset,
        pictures=tuple(shown),
    )


def flagged_by_rule(app: App, rule: str = "", kept: str = "", threshold: float | None = None) -> list[str]:
    """Ids of what it flags, surest first, without test pictures that nobody has labelled. Raises like
    `tried`."""
    found = _asked(app, rule, kept)
    line = found.threshold if threshold is None else _checked(threshold)
    scores = _on_library(app, found, wait=False)
    listed = scores.places("top", line, _waiting(app, found))
    return list(scores.ids.at(listed[scores.probability[listed] >= np.float32(line)]))


def _waiting(app: App, found: _Rule) -> set[str]:
    """Test pictures of its concepts that nobody has labelled."""
    kept_apart, decisions = app.store.kept_apart, label_cache_of(app).decisions
    return set().union(*(kept_apart(one.id) - decisions(one.id).keys() for one, _ in found.members))


@use_case("POST /combinations", audit="kept a combination")
def keep_rule(
    app: App, name: NewRuleName, rule: RuleText, threshold: Threshold = 0.5, *, author: AuthorName
) -> CombinationView:
    """Keep a rule under a name, with the versions that speak for its concepts now."""
    name, found = checked_name(name), _read(app, rule)
    for concept, head in found.members:
        check_fingerprint(head, collection_of(app))
        if key_of(concept.name) == key_of(name):
            raise ConflictError(f"“{concept.name}” is one of its own concepts. Give it another name.")
    members = [(concept.id, head.number) for concept, head in found.members]
    expression = found.expression.model_dump(mode="json")
    return _view(app, app.combinations.add(name, members, expression, _checked(threshold), author))


@use_case("GET /combinations")
def kept_rules(app: App, limit: Limit = 50, offset: Offset = 0) -> list[CombinationView]:
    """The rules that were kept, the newest first."""
    return [_view(app, stored) for stored in app.combinations.all(limit, offset)]


def kept_rule(app: App, name: str) -> CombinationView:
    """Raises `UnknownError`."""
    return _view(app, _stored(app, name))


def export_rule(app: App, name: str, out: Path, *, page: bool = False) -> ExportResult:
    """Writes a kept rule with its versions as one folder of files that run anywhere; with a `page` for
    browsers."""
    return _write(app, _stored(app, name), out, page)


@use_case("GET /combinations/{name}/bundle", role=Role.VIEWER, audit="exported a classifier")
def export_rule_bundle(
    app: App,
    name: RuleName,
    page: Annotated[bool, Field(description="With a page that scores pictures in a browser.")] = False,
) -> Path:
    """A kept rule and its versions as one zip of files that run anywhere."""
    stored = _stored(app, name)
    stem = concept_stem(stored.name) + ("-with-page" if page else "")
    folder = app.settings.home / "bundles" / "combined" / str(stored.id) / stem
    since = max(stored.created.timestamp(), *(changed(*one) for one in _of(app, stored).members))
    return archive_of(app, folder, since, lambda: _write(app, stored, folder, page))


def table_columns(app: App) -> TableColumns:
    """Of a table of all concepts that are not in the trash."""
    columns, left_out = _columns(app, app.store.all())
    return TableColumns(concepts={c.concept: c.version for c in columns}, left_out=left_out)


@use_case("POST /score-table")
def write_table(app: App, format: TableFormat = "csv", concepts: Names = []) -> Started[TableResult]:  # noqa: B006
    """Write what every finished concept says of every picture into one file: `GET /jobs/{job_id}/scores`.
    The job's result says which concepts were left out, and why."""
    return _begin_table(app, format, concepts, "")


def write_table_to(app: App, out: Path, concepts: Sequence[str] = ()) -> Started[TableResult]:
    """The same into a file (.csv or .parquet) of this computer."""
    return _begin_table(app, out.suffix.lower().removeprefix("."), concepts, str(out.absolute()))


def written_tables(app: App, limit: int = 5) -> list[WrittenTable]:
    """The tables that were written to be downloaded, of the newest jobs, the newest first."""
    jobs = app.jobs.store.newest_first([kind_of(score_table)], state="done", limit=limit)
    found = [(job, TableResult.model_validate(job.result)) for job in jobs]
    return [
        WrittenTable(
            job=job.id,
            suffix=Path(done.out).suffix.removeprefix("."),
            rows=done.rows,
            concepts=len(done.concepts),
            left_out=len(done.left_out),
            finished=job.finished or job.created,
        )
        for job, done in found
        if Path(done.out).is_relative_to(app.settings.home / "scores")
    ]


def _write(app: App, stored: StoredCombination, out: Path, page: bool) -> ExportResult:
    found = _of(app, stored)
    rule = Combined(name=stored.name, threshold=stored.threshold, expression=found.expression)
    versions = [exported(*one) for one in found.members]
    return export_heads(versions, out, page=page, rule=rule)


def _is_rule(app: App, rule: str = "", kept: str = "") -> None:
    _asked(app, rule, kept)


@use_case("POST /combine/library-scores", job="Trying a rule", before=_is_rule)
def try_rule(app: App, progress: Progress, rule: RuleText = "", kept: RuleName = "") -> PicturesDone:
    """Score every picture of a large library for a rule."""
    found = _asked(app, rule, kept)
    progress.report(0, None, "looking at every picture")
    return PicturesDone(pictures=len(_on_library(app, found, wait=True).ids))


def _on_library(app: App, found: _Rule, *, wait: bool) -> LibraryRule:
    """What a rule says of the pictures that all of its concepts look in. Without `wait` it raises
    `NotScoredError` where that takes long."""
    for head in found.heads:
        check_fingerprint(head, collection_of(app))
    for concept, _ in found.members:
        if collection_of(app).parts.focus(concept.id):
            raise DiscernError(
                f"“{concept.name}” judges a part of each picture. Rules take only concepts about whole "
                "pictures."
            )
    vectors = collection_of(app).frames.common(concept.id for concept, _ in found.members)
    rule = found.expression, found.heads, vectors
    if not wait and len(vectors.ids) > SCORED_AT_ONCE and not _cache_of(app).has(*rule):
        raise NotScoredError()
    return _cache_of(app).of(*rule)


def _asked(app: App, rule: str, kept: str) -> _Rule:
    return _of(app, _stored(app, kept)) if kept else _read(app, rule)


def _read(app: App, rule: str) -> _Rule:
    members: list[tuple[Concept, StoredHead]] = []

    def place_of(name: str) -> int:
        concept = app.concept(name)
        place = next((i for i, (other, _) in enumerate(members) if other.id == concept.id), len(members))
        if place == len(members):
            if place == MOST_MEMBERS:
                raise DiscernError(f"A rule combines at most {MOST_MEMBERS} concepts.")
            members.append((concept, head_of(concept)))
        return place

    expression = parse(rule, place_of)
    return _Rule(tuple(members), expression)


def _of(app: App, stored: StoredCombination) -> _Rule:
    concepts = [(app.concept_of(concept_id), number) for concept_id, number in stored.members]
    members = tuple((concept, head_of(concept, number)) for concept, number in concepts)
    return _Rule(members, READ.validate_python(stored.expression), stored.threshold)


def _stored(app: App, name: str) -> StoredCombination:
    stored = app.combinations.get(name)
    if stored is None or stored.removed:
        raise UnknownError(f"No combination is kept as “{name}”.", "combination")
    return stored


def _view(app: App, stored: StoredCombination) -> CombinationView:
    problem, members = "", tuple[Member, ...]()
    try:
        found = _of(app, stored)
        members, rule = found.views, found.text
        for head in found.heads:
            check_fingerprint(head, collection_of(app))
    except DiscernError as error:  # a member is in the trash, or the library has another encoder
        problem = str(error)
        names = app.store.names([concept_id for concept_id, _ in stored.members])
        in_order = [names.get(concept_id, "?") for concept_id, _ in stored.members]
        rule = text_of(READ.validate_python(stored.expression), in_order)
    return CombinationView(
        name=stored.name,
        rule=rule,
        threshold=stored.threshold,
        members=members,
        author=stored.author,
        created=stored.created,
        problem=problem,
    )


def _begin_table(app: App, suffix: str, names: Sequence[str], out: str) -> Started[TableResult]:
    """Raises `DiscernError` before anything is begun where there is nothing to write."""
    if suffix not in ("csv", "parquet"):
        raise DiscernError("Scores can be had as CSV or Parquet.")
    chosen = [app.concept(name).row for name in names]
    _columns(app, chosen or app.store.all())
    return app.begin(score_table, suffix, tuple(concept.id for concept in chosen), out)


def _columns(app: App, concepts: Sequence[ConceptRow]) -> tuple[list[Column], dict[str, str]]:
    recorded = collection_of(app).recorded()
    trained = app.heads.concepts()
    columns, left_out = [], {}
    for concept in concepts:
        head = app.heads.get(concept.id) if concept.id in trained else None
        if head is None:
            left_out[concept.name] = "it has no trained version yet"
        elif collection_of(app).parts.focus(concept.id):
            left_out[concept.name] = "it is about a part of pictures; the table is of whole ones"
        elif head.fingerprint != recorded.fingerprint:
            left_out[concept.name] = (
                f"version {head.number} is for vectors of another encoder than the library’s, {recorded.name}"
            )
        else:
            frames = collection_of(app).frames
            frame = frames.now(concept.id)
            looks_at = None if frame.is_whole else partial(frames.has, frame)
            columns.append(Column(concept.name, head.number, linear_head(head), looks_at))
    if not columns:
        raise DiscernError("No concept has a version for this library’s encoder yet, so there are no scores.")
    return columns, left_out


@use_case(job="Scoring all concepts", lane=Lane.LONG)
def score_table(
    app: App, progress: Progress, suffix: str, concepts: tuple[int, ...] = (), out: str = ""
) -> TableResult:
    """Write what all concepts, or these by id, say of the whole library into the file `out`; without one,
    into the data folder."""
    store = app.store
    columns, left_out = _columns(app, [store.get(i) for i in concepts] or store.all())
    folder = app.settings.home / "scores" / str(progress.job_id)
    file = Path(out) if out else folder / f"all-concepts.{suffix}"
    schema = table_schema(columns, as_csv=suffix == "csv")
    collection = collection_of(app)
    products = StackedHeads([column.head for column in columns]).columns
    # With no name of its own: it ends, with its threads, where `rows` are closed.
    rows = table_rows(
        columns,
        schema,
        with_places(collection, collection.index(), products, progress.report),
    )
    with app.jobs.precedence.first(), closing(rows):
        counts = write_scores(rows, schema, file)
    versions = {column.concept: column.version for column in columns}
    return TableResult(out=str(file), rows=counts.rows, concepts=versions, left_out=left_out)


def _checked(threshold: float) -> float:
    if not 0 < threshold < 1:
        raise DiscernError(f"How sure it has to be lies between 0 and 1; {threshold:g} doesn't.")
    return threshold
