"""Concepts can be renamed and archived, and answers taken over from another concept"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    seed = sa.Column("seed", sa.String(120), nullable=False, server_default="")
    op.add_column("concepts", seed)  # in place: a copied table would lose what refers to it
    op.add_column("concepts", sa.Column("archived", sa.DateTime(timezone=True)))
    concepts = sa.table("concepts", sa.column("id"), sa.column("name"), sa.column("seed"))
    connection = op.get_bind()
    for concept_id, name in connection.execute(sa.select(concepts.c.id, concepts.c.name)).all():
        # What draws followed from until now: the key of the name, also of a concept that was deleted since.
        drawn_by = " ".join(name.split()).casefold()
        row = sa.update(concepts).where(concepts.c.id == concept_id)
        connection.execute(row.values(seed=drawn_by))
    op.create_table(
        "former_names",
        sa.Column("key", sa.String(120), primary_key=True),
        sa.Column("concept_id", sa.Integer(), sa.ForeignKey("concepts.id"), nullable=False),
        sa.Column("renamed", sa.DateTime(timezone=True), nullable=False),
    )
    op.add_column("label_events", sa.Column("taken_from", sa.Integer()))


def downgrade() -> None:
    raise NotImplementedError("Restore the copy that was made before the upgrade.")
