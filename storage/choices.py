"""What people chose for concepts and for themselves: prompts, annotators, how pictures are shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import func, select

from storage.database import Store, following
from storage.errors import ConflictError
from storage.names import IN_USE, key_of
from storage.tables import AnnotatorChoice as AnnotatorChoice
from storage.tables import ConceptRow, Preference, PromptText
from storage.tables import Rewording as Rewording
from storage.tables import RewordingDecision as RewordingDecision
from storage.tables import Round as Round
from storage.tables import StoredCombination as StoredCombination


class PromptStore(Store):
    """Prompts of concepts' own. Rows are added, never changed."""

    def add(self, concept_id: int, name: str, text: str, author: str) -> None:
        """An empty text goes back to the file."""
        with self._database.write() as session:
            session.add(PromptText(concept_id=concept_id, name=name, text=text, author=author))

    def own(self, concept_id: int) -> dict[str, PromptText]:
        """Name of the prompt → the text that holds, where it is the concept's own."""
        query = select(PromptText).where(PromptText.concept_id == concept_id).order_by(PromptText.id)
        newest = {row.name: row for row in self._database.scalars(query)}
        return {name: kept for name, kept in newest.items() if kept.text}


class AnnotatorChoices(Store):
    """Who annotates the pictures of a concept. The last choice holds; going back is choosing anew."""

    def add(self, choice: AnnotatorChoice) -> None:
        with self._database.write() as session:
            session.add(choice)

    def newest(self, concept_id: int) -> AnnotatorChoice | None:
        query = select(AnnotatorChoice).where(AnnotatorChoice.concept_id == concept_id)
        return self._database.scalar(query.order_by(AnnotatorChoice.id.desc()).limit(1))


class ProtectionStore(Store):
    """How people and concepts want pictures to be shown."""

    def preference(self, person: str) -> Preference | None:
        return self._database.get(Preference, person)

    def prefer(self, person: str, shown_as: str, key: str) -> None:
        """`shown_as`: empty for as the concept says."""
        with self._database.write("protection") as session:
            session.merge(Preference(person=person, shown_as=shown_as, key=key))

    def of_concept(self, concept_id: int) -> str:
        return self._database.scalar(select(ConceptRow.protection).where(ConceptRow.id == concept_id)) or ""

    def protect(self, concept_id: int, shown_as: str) -> None:
        with self._database.write("protection") as session:
            session.get_one(ConceptRow, concept_id).protection = shown_as

    def in_use(self) -> set[str]:
        """What the concepts that are not in the trash say, those that say something."""
        query = select(ConceptRow.protection).where(ConceptRow.protection != "", IN_USE)
        return set(self._database.scalars(query.distinct()))


_C = StoredCombination


class CombinationStore(Store):
    """All reads and writes of that table. Rows are added, never changed."""

    def add(
        self,
        name: str,
        members: Sequence[tuple[int, int]],
        expression: dict[str, Any],
        threshold: float,
        author: str,
        *,
        removed: bool = False,
    ) -> StoredCombination:
        """Keeps it in the place of what had this name; `removed`: in the trash."""
        key = key_of(name)
        with self._database.write(f"combination {key}") as session:
            row = StoredCombination(
                name=name,
                key=key,
                number=following(session, _C.number, _C.key == key),
                members=[list(member) for member in members],
                expression=expression,
                threshold=threshold,
                removed=removed,
                author=author,
            )
            session.add(row)
        return row

    def mark(self, one: StoredCombination, author: str, *, removed: bool) -> StoredCombination:
        """Puts it into the trash, or restores it."""
        return self.add(one.name, one.members, one.expression, one.threshold, author, removed=removed)

    def get(self, name: str) -> StoredCombination | None:
        """The one of this name, also in the trash."""
        query = select(StoredCombination).where(_C.key == key_of(name))
        return self._database.scalar(query.order_by(_C.number.desc()).limit(1))

    def all(self, limit: int | None = None, offset: int = 0) -> list[StoredCombination]:
        """Those that aren't in the trash, the last kept first; all of them or a page."""
        newest = select(func.max(_C.id)).group_by(_C.key)
        query = select(StoredCombination).where(_C.id.in_(newest), _C.removed.is_(False))
        query = query.order_by(_C.id.desc()).limit(limit).offset(offset)
        return self._database.scalars(query)


Numbered = TypeVar("Numbered", Round, Rewording)


class Deliberations(Store):
    """All reads and writes of these tables. Rows are added, never changed."""

    def begin(
        self, concept_id: int, ambiguity: str, pictures: Sequence[str], definition_number: int, author: str
    ) -> Round:
        """The next round of a concept."""
        return self.add(
            Round(
                concept_id=concept_id,
                ambiguity=ambiguity,
                pictures=list(pictures),
                definition_number=definition_number,
                author=author,
            )
        )

    def rounds(self, concept_id: int) -> list[Round]:
        """Those of a concept, the first one first."""
        query = select(Round).where(Round.concept_id == concept_id)
        return self._database.scalars(query.order_by(Round.number))

    def rewordings(self, concept_id: int) -> list[Rewording]:
        """Those of a concept, the first one first."""
        query = select(Rewording).where(Rewording.concept_id == concept_id)
        return self._database.scalars(query.order_by(Rewording.number))

    def decide(self, decision: RewordingDecision) -> None:
        """Raises `ConflictError` where it was decided before, by someone else or in another window."""
        with self._database.write(f"deliberations of concept {decision.concept_id}") as session:
            if session.get(RewordingDecision, (decision.concept_id, decision.rewording)) is not None:
                raise ConflictError("This was decided meanwhile, by someone else or in another window.")
            session.add(decision)

    def decisions(self, concept_id: int) -> dict[int, RewordingDecision]:
        """Number of the rewording → what was decided."""
        query = select(RewordingDecision).where(RewordingDecision.concept_id == concept_id)
        return {row.rewording: row for row in self._database.scalars(query)}

    def add(self, row: Numbered) -> Numbered:
        """Keeps it under the next number of its concept."""
        table = type(row)
        with self._database.write(f"deliberations of concept {row.concept_id}") as session:
            row.number = following(session, table.number, table.concept_id == row.concept_id)
            session.add(row)
        return row
