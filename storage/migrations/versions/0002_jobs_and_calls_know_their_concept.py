"""Jobs and model calls know their concept by id, calls their job; indices for what is asked often"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op

from storage.tables import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INDICES = (
    ("jobs", "ix_jobs_kind", ["kind"]),
    ("jobs", "jobs_by_concept", ["concept_id", "kind"]),
    ("model_calls", "ix_model_calls_created", ["created"]),
    ("model_calls", "ix_model_calls_job_id", ["job_id"]),
    ("model_calls", "ix_model_calls_concept_id", ["concept_id"]),
    ("label_events", "label_events_by_sequence", ["concept_id", "sequence"]),
)


def upgrade() -> None:
    # Not through batch_alter_table: SQLite would copy whole tables for columns that begin empty.
    _add_reference("jobs", "concept_id", "concepts.id")
    op.add_column("jobs", sa.Column("details", sa.Text(), nullable=True))
    _add_reference("model_calls", "job_id", "jobs.id")
    _add_reference("model_calls", "concept_id", "concepts.id")
    for table, name, columns in INDICES:
        op.create_index(name, table, columns)
    _tell_jobs_their_concept(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError("Restore the copy that was made before the upgrade.")


def _add_reference(table: str, name: str, target: str) -> None:
    column = sa.Column(name, sa.Integer(), sa.ForeignKey(target), nullable=True)
    op.add_column(table, column, inline_references=True)


def _tell_jobs_their_concept(connection: sa.Connection) -> None:
    """Jobs carried a name. It meant the concept that had this name when the job was made."""
    concepts = sa.table(
        "concepts",
        sa.column("id", sa.Integer()),
        sa.column("name", sa.String()),
        sa.column("created", UtcDateTime()),
        sa.column("deleted", UtcDateTime()),
    )
    jobs = sa.table(
        "jobs",
        sa.column("id", sa.Integer()),
        sa.column("arguments", sa.JSON()),
        sa.column("created", UtcDateTime()),
        sa.column("concept_id", sa.Integer()),
    )
    lives: dict[str, list[tuple[datetime, datetime | None, int]]] = {}
    for row in connection.execute(sa.select(concepts).order_by(concepts.c.created)):
        lives.setdefault(_key(row.name), []).append((row.created, row.deleted, row.id))
    found = []
    for row in connection.execute(sa.select(jobs.c.id, jobs.c.arguments, jobs.c.created)):
        name = row.arguments.get("concept")
        living = (
            [
                concept_id
                for created, deleted, concept_id in lives.get(_key(name), ())
                if created <= row.created and (deleted is None or row.created <= deleted)
            ]
            if isinstance(name, str)
            else []
        )
        if living:  # the youngest: an older one had to be deleted before it, and was brought back since
            found.append({"job": row.id, "concept": living[-1]})
    if found:
        known = sa.update(jobs).where(jobs.c.id == sa.bindparam("job"))
        connection.execute(known.values(concept_id=sa.bindparam("concept")), found)


def _key(name: str) -> str:
    return " ".join(name.split()).casefold()
