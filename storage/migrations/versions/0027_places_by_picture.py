"""Where each picture is stands in an index, in the order of pictures"""

from __future__ import annotations

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_sources_picture_id", "sources")
    op.create_index("sources_by_picture", "sources", ["picture_id", "uri"])


def downgrade() -> None:
    raise NotImplementedError("Restore the copy that was made before the upgrade.")
