"""Draws that certify a line below which pictures don't count"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    side: sa.Column[str] = sa.Column("side", sa.String(3), nullable=False, server_default="yes")
    op.add_column("certifying_draws", side)


def downgrade() -> None:
    raise NotImplementedError("Restore the copy that was made before the upgrade.")
