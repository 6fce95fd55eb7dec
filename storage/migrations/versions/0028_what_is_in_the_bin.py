"""Which pictures are in the bin stands in an index: nearly every query leaves them out"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

IN_BIN = sa.text("removed IS NOT NULL")


def upgrade() -> None:
    op.drop_index("pictures_removed", "pictures")
    op.create_index(
        "pictures_removed", "pictures", ["removed", "id"], sqlite_where=IN_BIN, postgresql_where=IN_BIN
    )


def downgrade() -> None:
    raise NotImplementedError("Restore the copy that was made before the upgrade.")
