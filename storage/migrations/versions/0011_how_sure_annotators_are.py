"""How sure annotators are, whose annotation a near-duplicate shares, and who annotates for a concept"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.tables import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("annotations", sa.Column("raw", sa.Double(), nullable=True))
    op.add_column("annotations", sa.Column("verbalised", sa.Double(), nullable=True))
    op.add_column("annotations", sa.Column("same_as", sa.String(64), nullable=True))
    op.create_table(
        "annotator_choices",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("concept_id", sa.Integer(), sa.ForeignKey("concepts.id"), nullable=False),
        sa.Column("annotator", sa.String(60), nullable=False),
        sa.Column("large", sa.Boolean(), nullable=False),
        sa.Column("examples", sa.Boolean(), nullable=False),
        sa.Column("repeats", sa.Boolean(), nullable=False),
        sa.Column("author", sa.String(200), nullable=False),
        sa.Column("created", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_annotator_choices_concept_id", "annotator_choices", ["concept_id"])


def downgrade() -> None:
    raise NotImplementedError("Restore the copy that was made before the upgrade.")
