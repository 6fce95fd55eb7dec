"""What people chose for concepts and for themselves: prompts, annotators, how pictures are shown."""

from __future__ import annotations

from sqlalchemy import select

from storage.database import Store
from storage.names import IN_USE
from storage.tables import AnnotatorChoice as AnnotatorChoice
from storage.tables import ConceptRow, Preference, PromptText


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
