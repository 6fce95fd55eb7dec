"""What is typical of both sides, beside the line of a head and of the draw that it was used for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("heads", sa.Column("prototypes", sa.LargeBinary(), nullable=True))
    op.add_column("evaluation_waves", sa.Column("prototypes", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("Restore the copy that was made before the upgrade.")
