"""What people framed in pictures, and which part of them a concept looks at."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "framed_parts",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("concept_id", sa.Integer(), sa.ForeignKey("concepts.id"), nullable=False),
        sa.Column("picture_id", sa.String(64), sa.ForeignKey("pictures.id"), nullable=False),
        sa.Column("box", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("author", sa.String(200), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_framed_parts_concept_id", "framed_parts", ["concept_id"])
    op.create_table(
        "focuses",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("concept_id", sa.Integer(), sa.ForeignKey("concepts.id"), nullable=False),
        sa.Column("encoder", sa.String(80), nullable=False),
        sa.Column("parts", sa.String(80), nullable=False),
        sa.Column("fingerprint", sa.String(80), nullable=False),
        sa.Column("direction", sa.LargeBinary(), nullable=True),
        sa.Column("last_frame", sa.Integer(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_focuses_concept_id", "focuses", ["concept_id"])


def downgrade() -> None:
    raise NotImplementedError("Restore the copy that was made before the upgrade.")
