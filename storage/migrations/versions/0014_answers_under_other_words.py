"""Answers to a question that was asked again because the definition had changed"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    renewed: sa.Column[bool] = sa.Column("renewed", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("label_events", renewed)  # in place: a copied table would lose what refers to it


def downgrade() -> None:
    raise NotImplementedError("Restore the copy that was made before the upgrade.")
