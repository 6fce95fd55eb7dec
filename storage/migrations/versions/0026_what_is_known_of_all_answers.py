"""What is known of all answers is kept, what was said of a picture found by it, repeats by format"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kept_figures",
        sa.Column("concept_id", sa.Integer(), sa.ForeignKey("concepts.id"), primary_key=True),
        sa.Column("what", sa.String(20), primary_key=True),
        sa.Column("follows", sa.Text(), nullable=False),
        sa.Column("removal", sa.Integer(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
    )
    op.drop_index("label_events_by_picture", "label_events")
    op.create_index("label_events_by_picture", "label_events", ["picture_id", "concept_id"])
    op.create_index("candidates_by_picture", "candidates", ["picture_id", "concept_id"])
    for flag in ("copied", "alike"):
        shown = sa.text(f"{flag} = TRUE AND removed IS NULL")
        op.drop_index(f"pictures_{flag}_by_added", "pictures")
        op.create_index(
            f"pictures_{flag}_by_added",
            "pictures",
            [flag, "added", "id", "format"],
            sqlite_where=shown,
            postgresql_where=shown,
        )


def downgrade() -> None:
    raise NotImplementedError("Restore the copy that was made before the upgrade.")
