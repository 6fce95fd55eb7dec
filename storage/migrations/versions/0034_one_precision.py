"""No precision of an encoder: all compute in float32."""

from __future__ import annotations

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("library", "precision")


def downgrade() -> None:
    raise NotImplementedError("Restore the copy that was made before the upgrade.")
