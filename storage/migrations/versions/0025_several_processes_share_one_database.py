"""Several processes share one database: which run of a job may write, and what was tried or taken lately"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("lease", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "taken",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_taken_key", "taken", ["key"])
    op.create_index("ix_taken_until", "taken", ["until"])


def downgrade() -> None:
    raise NotImplementedError("Restore the copy that was made before the upgrade.")
