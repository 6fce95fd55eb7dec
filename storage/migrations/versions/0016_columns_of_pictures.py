"""What files from elsewhere say of pictures: captions and other columns"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "picture_columns",
        sa.Column("picture_id", sa.String(64), sa.ForeignKey("pictures.id"), primary_key=True),
        sa.Column("name", sa.String(80), primary_key=True),
        sa.Column("digest", sa.String(32), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text()),
        sa.Column("file", sa.String(200), nullable=False),
        sa.Column("added", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_picture_columns_name", "picture_columns", ["name"])


def downgrade() -> None:
    raise NotImplementedError("Restore the copy that was made before the upgrade.")
