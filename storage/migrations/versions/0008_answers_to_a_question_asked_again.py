"""Answers to a question that was asked a second time"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    repeat: sa.Column[bool] = sa.Column("repeat", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("label_events", repeat)  # in place: a copied table would lose what refers to it


def downgrade() -> None:
    raise NotImplementedError("Restore the copy that was made before the upgrade.")
