"""Watched folders, what came of their pictures, and the outbox of webhooks"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.tables import UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "watches",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("concept_id", sa.Integer(), sa.ForeignKey("concepts.id"), nullable=False, index=True),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("confined", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("webhook", sa.Text(), nullable=False),
        sa.Column("seed", sa.String(64), nullable=False),
        sa.Column("ask_flagged", sa.Double(), nullable=False),
        sa.Column("ask_others", sa.Double(), nullable=False),
        sa.Column("promised", sa.Double(), nullable=True),
        sa.Column("promised_by", sa.String(10), nullable=False),
        sa.Column("author", sa.String(200), nullable=False),
        sa.Column("created", UtcDateTime(), nullable=False),
        sa.Column("stopped", UtcDateTime(), nullable=True),
    )
    op.create_table(
        "watched_pictures",
        sa.Column("sequence", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("watch_id", sa.Integer(), sa.ForeignKey("watches.id"), nullable=False),
        sa.Column("picture_id", sa.String(64), sa.ForeignKey("pictures.id"), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("probability", sa.Double(), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=False),
        sa.Column("flagged", sa.Boolean(), nullable=False),
        sa.Column("fresh", sa.Boolean(), nullable=False),
        sa.Column("drawn", sa.Boolean(), nullable=False),
        sa.Column("created", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("watch_id", "picture_id"),
    )
    op.create_index("watched_pictures_by_answer", "watched_pictures", ["watch_id", "flagged", "sequence"])
    op.create_table(
        "deliveries",
        sa.Column("sequence", sa.Integer(), sa.ForeignKey("watched_pictures.sequence"), primary_key=True),
        sa.Column("watch_id", sa.Integer(), sa.ForeignKey("watches.id"), nullable=False),
        sa.Column("message_id", sa.String(60), nullable=False, unique=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due", UtcDateTime(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("delivered", UtcDateTime(), nullable=True),
    )
    op.create_index("deliveries_by_due", "deliveries", ["state", "due"])
    op.create_index("deliveries_by_watch", "deliveries", ["watch_id", "state"])


def downgrade() -> None:
    raise NotImplementedError("Restore the copy that was made before the upgrade.")
