"""A concept can have grades or exclusive classes instead of yes and no"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("concepts", sa.Column("scale", sa.JSON()))  # in place: a copied table loses its references
    op.add_column("label_events", sa.Column("given", sa.String(120)))
    op.add_column("heads", sa.Column("classes", sa.LargeBinary()))


def downgrade() -> None:
    raise NotImplementedError("Restore the copy that was made before the upgrade.")
