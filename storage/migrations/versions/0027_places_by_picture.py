"""Where each picture is, and how many measure for each concept, stands in indexes"""

from __future__ import annotations

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_sources_picture_id", "sources")
    op.create_index("sources_by_picture", "sources", ["picture_id", "uri"])
    op.create_index("evaluation_pictures_by_drawn", "evaluation_pictures", ["concept_id", "drawn"])
    op.create_index(
        "evaluation_pictures_by_picture", "evaluation_pictures", ["picture_id", "concept_id", "drawn"]
    )


def downgrade() -> None:
    raise NotImplementedError("Restore the copy that was made before the upgrade.")
