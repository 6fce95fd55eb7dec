"""What nothing reads any more goes: folds, links, draws for probabilities, counts of pictures in view.

With SQLite the copy that is made before the upgrade has it all; PostgreSQL has its own (pg_dump)."""

from __future__ import annotations

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("revoked_shares", "shares", "folds", "fitting_draws", "exposure"):
        op.drop_table(table)
    for column in ("break_pictures", "break_minutes", "counted"):
        op.drop_column("protection", column)


def downgrade() -> None:
    raise NotImplementedError("Restore the copy that was made before the upgrade.")
