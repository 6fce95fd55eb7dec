"""The texts of prompts that concepts have of their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from storage.database import Store
from storage.tables import PromptTextRow


@dataclass(frozen=True)
class PromptText:
    text: str
    author: str
    created: datetime


class PromptStore(Store):
    """All reads and writes of that table. Rows are added, never changed."""

    def add(self, concept_id: int, name: str, text: str, author: str) -> None:
        """An empty text goes back to the file."""
        with self._database.write() as session:
            session.add(PromptTextRow(concept_id=concept_id, name=name, text=text, author=author))

    def own(self, concept_id: int) -> dict[str, PromptText]:
        """Name of the prompt → the text that holds, where it is the concept's own."""
        query = select(PromptTextRow).where(PromptTextRow.concept_id == concept_id)
        rows = self._database.scalars(query.order_by(PromptTextRow.id))
        newest = {row.name: PromptText(row.text, row.author, row.created) for row in rows}
        return {name: kept for name, kept in newest.items() if kept.text}
