"""Walls of pictures that people looked through"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.tables import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "walls",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("concept_id", sa.Integer(), sa.ForeignKey("concepts.id"), nullable=False, index=True),
        sa.Column("key", sa.String(120), nullable=False, unique=True),
        sa.Column("author", sa.String(200), nullable=False),
        sa.Column("pictures", sa.JSON(), nullable=False),
        sa.Column("created", UtcDateTime(), nullable=False),
    )


def downgrade() -> None:
    raise NotImplementedError("Restore the copy that was made before the upgrade.")
