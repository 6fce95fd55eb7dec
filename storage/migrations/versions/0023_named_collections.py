"""Named collections of pictures, and which of them a concept looks in"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "collections",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("key", sa.String(120), nullable=False, unique=True),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.Column("author", sa.String(200), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed", sa.DateTime(timezone=True)),
        sa.Column("followed", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "collection_changes",
        sa.Column("collection_id", sa.Integer(), sa.ForeignKey("collections.id"), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("deed", sa.String(10), nullable=False),
        sa.Column("pictures", sa.Integer(), nullable=False),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(200), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "collection_pictures",
        sa.Column("collection_id", sa.Integer(), sa.ForeignKey("collections.id"), primary_key=True),
        sa.Column("picture_id", sa.String(64), sa.ForeignKey("pictures.id"), primary_key=True),
        sa.Column("since", sa.Integer(), primary_key=True),
        sa.Column("until", sa.Integer()),
    )
    op.create_index(
        "collection_pictures_now", "collection_pictures", ["collection_id", "until", "picture_id"]
    )
    op.create_index("collection_pictures_by_picture", "collection_pictures", ["picture_id", "collection_id"])
    op.create_table(
        "concept_frames",
        sa.Column("concept_id", sa.Integer(), sa.ForeignKey("concepts.id"), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("collections", sa.JSON(), nullable=False),
        sa.Column("author", sa.String(200), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_sources_added", "sources", ["added"])
    for table in ("evaluation_waves", "certifying_draws", "fitting_draws"):
        op.add_column(table, sa.Column("looks_in", sa.JSON()))


def downgrade() -> None:
    raise NotImplementedError("Restore the copy that was made before the upgrade.")
