"""Where many concepts stand, in a number of statements that doesn't grow with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select

from storage.concepts import MEASURE_NOTHING
from storage.database import Store
from storage.frames import looked_in
from storage.tables import (
    CandidateRow,
    ConceptRow,
    DefinitionRow,
    EvaluationPictureRow,
    EvaluationRow,
    HeadRow,
    LabelEventRow,
    PictureRow,
    RemovalRow,
)


@dataclass(frozen=True)
class Standing:
    """Counts and newest things of one concept. `report` is of the newest head, None where that was not
    measured; `sequence` and `said` belong to the last label event, of people or machines."""

    definition: int
    document: dict[str, Any]
    defined: datetime
    candidates: int
    heads: int
    trained: datetime | None
    report: dict[str, Any] | None
    evaluation_id: int | None  # which evaluation `report` is of
    evaluated: bool
    sequence: int
    said: datetime | None
    evaluation: int  # pictures that measure, wherever it looked when they were drawn
    apart: int  # all that nothing is learned from, those in the bin, too
    removal: int  # the last time that pictures were removed from the library or put back
    looks_in: frozenset[int] = frozenset()  # named collections; none: everything


class Overview(Store):
    """Reads over several concepts at once."""

    def of(self, concept_ids: Sequence[int]) -> dict[int, Standing]:
        """Concept id → where it stands, read in one moment."""
        d, c, h, e = DefinitionRow, CandidateRow, HeadRow, EvaluationRow
        newest = (
            select(d.concept_id, func.max(d.number).label("number"))
            .where(d.concept_id.in_(concept_ids))
            .group_by(d.concept_id)
            .subquery()
        )
        definitions = select(d.concept_id, d.number, d.document, d.created).join(
            newest, (d.concept_id == newest.c.concept_id) & (d.number == newest.c.number)
        )
        ours = ConceptRow.id.in_(concept_ids)
        # SQLite counts one concept after the other in less time than it groups all.
        pool = select(func.count()).where(c.concept_id == ConceptRow.id).scalar_subquery()
        pools = select(ConceptRow.id, pool).where(ours)
        # Those in the bin are few, so they are counted by themselves, by the index of their pictures.
        gone = select(PictureRow.id).where(PictureRow.removed.is_not(None))
        in_bin = select(c.concept_id, func.count()).where(c.picture_id.in_(gone)).group_by(c.concept_id)
        heads = (
            select(h.concept_id, func.count(), func.max(h.id), func.max(h.created))
            .where(h.concept_id.in_(concept_ids))
            .group_by(h.concept_id)
        )
        evaluated = select(h.concept_id).join(e, e.head_id == h.id).where(h.concept_id.in_(concept_ids))
        # The last event of each by a look at an index, where grouping would go through all events.
        last = select(func.max(LabelEventRow.sequence)).where(LabelEventRow.concept_id == ConceptRow.id)
        said = select(LabelEventRow.concept_id, LabelEventRow.sequence, LabelEventRow.created).where(
            LabelEventRow.sequence.in_(select(last.scalar_subquery()).select_from(ConceptRow).where(ours))
        )
        p = EvaluationPictureRow
        measuring = func.count(case((p.drawn.not_in(MEASURE_NOTHING), 1)))
        sets = select(p.concept_id, measuring, func.count()).group_by(p.concept_id)
        sets = sets.where(p.concept_id.in_(concept_ids))
        set_in_bin = select(p.concept_id, measuring).where(p.picture_id.in_(gone)).group_by(p.concept_id)
        with self._database.read() as session:
            trained = {row[0]: row[1:] for row in session.execute(heads)}
            of_newest = select(func.max(e.id)).where(e.head_id.in_([row[1] for row in trained.values()]))
            reports = select(e.head_id, e.id, e.report).where(e.id.in_(of_newest.group_by(e.head_id)))
            report_of = {row[0]: row[1:] for row in session.execute(reports)}
            pool_of: dict[int, Any] = dict(session.execute(pools).all())
            gone_of = dict(session.execute(in_bin).all())
            measured = set(session.scalars(evaluated.distinct()))
            events = {row[0]: (row[1], row[2]) for row in session.execute(said)}
            set_of = {row[0]: (row[1], row[2]) for row in session.execute(sets)}
            set_gone_of = dict(session.execute(set_in_bin).all())
            looks_in = looked_in(session, concept_ids)
            removal = session.scalar(select(func.max(RemovalRow.sequence))) or 0
            found = {}
            for concept_id, number, document, created in session.execute(definitions):
                count, head_id, when = trained.get(concept_id, (0, None, None))
                sequence, moment = events.get(concept_id, (0, None))
                evaluation_id, report = report_of.get(head_id, (None, None))
                measured_by, apart = set_of.get(concept_id, (0, 0))
                found[concept_id] = Standing(
                    definition=number,
                    document=document,
                    defined=created,
                    candidates=pool_of.get(concept_id, 0) - gone_of.get(concept_id, 0),
                    heads=count,
                    trained=when,
                    report=report,
                    evaluation_id=evaluation_id,
                    evaluated=concept_id in measured,
                    sequence=sequence,
                    said=moment,
                    evaluation=measured_by - set_gone_of.get(concept_id, 0),
                    apart=apart,
                    removal=removal,
                    looks_in=looks_in.get(concept_id, frozenset()),
                )
        return found
