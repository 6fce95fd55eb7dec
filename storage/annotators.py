"""Who annotates the pictures of a concept, as people chose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from storage.database import Store
from storage.tables import AnnotatorChoiceRow


@dataclass(frozen=True)
class AnnotatorChoice:
    annotator: str
    large: bool
    examples: bool
    repeats: bool
    author: str
    created: datetime | None = None


class AnnotatorChoices(Store):
    """All reads and writes of that table. The last choice holds; going back is choosing anew."""

    def add(self, concept_id: int, choice: AnnotatorChoice) -> None:
        values = {name: value for name, value in vars(choice).items() if name != "created"}
        with self._database.write() as session:
            session.add(AnnotatorChoiceRow(concept_id=concept_id, **values))

    def newest(self, concept_id: int) -> AnnotatorChoice | None:
        query = select(AnnotatorChoiceRow).where(AnnotatorChoiceRow.concept_id == concept_id)
        row = self._database.scalar(query.order_by(AnnotatorChoiceRow.id.desc()).limit(1))
        if row is None:
            return None
        return AnnotatorChoice(row.annotator, row.large, row.examples, row.repeats, row.author, row.created)
