"""What all tables are made of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from sqlalchemy import JSON, DateTime, ForeignKey, String, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in Python, whatever the database keeps."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# Text that is ordered as Python orders it, whatever language the database speaks.
BY_BYTES = Text().with_variant(Text(collation="C"), "postgresql")


def now() -> datetime:
    return datetime.now(UTC)


Now = Annotated[datetime, mapped_column(default=now)]
Key = Annotated[int, mapped_column(primary_key=True)]
ConceptKey = Annotated[int, mapped_column(ForeignKey("concepts.id"), primary_key=True)]
OfConcept = Annotated[int, mapped_column(ForeignKey("concepts.id"))]
PictureKey = Annotated[str, mapped_column(ForeignKey("pictures.id"), primary_key=True)]
OfPicture = Annotated[str, mapped_column(ForeignKey("pictures.id"))]


class Base(DeclarativeBase):
    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: JSON, list[Any]: JSON}  # noqa: RUF012


class Signed:
    """Tables that say whose a row is and since when, in their last columns."""

    author: Mapped[str] = mapped_column(String(200), sort_order=1)
    created: Mapped[datetime] = mapped_column(default=now, sort_order=2)
