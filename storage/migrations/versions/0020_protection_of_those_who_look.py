"""How people and concepts want pictures to be shown, and how many pictures a person had in view on a day"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "protection",
        sa.Column("person", sa.String(200), primary_key=True),
        sa.Column("shown_as", sa.String(20), nullable=False),
        sa.Column("key", sa.String(1), nullable=False),
        sa.Column("break_pictures", sa.Integer(), nullable=False),
        sa.Column("break_minutes", sa.Integer(), nullable=False),
        sa.Column("counted", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "exposure",
        sa.Column("person", sa.String(200), primary_key=True),
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("shown", sa.Integer(), nullable=False),
        sa.Column("unprotected", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
    )
    # In place: a copied table would lose what refers to it.
    op.add_column("concepts", sa.Column("protection", sa.String(20), nullable=False, server_default=""))


def downgrade() -> None:
    raise NotImplementedError("Restore the copy that was made before the upgrade.")
