"""Deliberations and other wordings that were tried"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.tables import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deliberations",
        sa.Column("concept_id", sa.Integer(), sa.ForeignKey("concepts.id"), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("ambiguity", sa.String(200), nullable=False),
        sa.Column("pictures", sa.JSON(), nullable=False),
        sa.Column("definition_number", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(200), nullable=False),
        sa.Column("created", UtcDateTime(), nullable=False),
    )
    op.create_table(
        "rewordings",
        sa.Column("concept_id", sa.Integer(), sa.ForeignKey("concepts.id"), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("definition_number", sa.Integer(), nullable=False),
        sa.Column("candidates", sa.JSON(), nullable=False),
        sa.Column("sifted", sa.JSON(), nullable=False),
        sa.Column("label_sequence", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(200), nullable=False),
        sa.Column("created", UtcDateTime(), nullable=False),
    )
    op.create_table(
        "rewording_decisions",
        sa.Column("concept_id", sa.Integer(), sa.ForeignKey("concepts.id"), primary_key=True),
        sa.Column("rewording", sa.Integer(), primary_key=True),
        sa.Column("deed", sa.String(10), nullable=False),
        sa.Column("candidate", sa.Integer(), nullable=True),
        sa.Column("definition_number", sa.Integer(), nullable=True),
        sa.Column("author", sa.String(200), nullable=False),
        sa.Column("created", UtcDateTime(), nullable=False),
    )


def downgrade() -> None:
    raise NotImplementedError("Restore the copy that was made before the upgrade.")
