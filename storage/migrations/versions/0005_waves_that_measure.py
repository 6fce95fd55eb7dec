"""Pictures that measure are drawn in waves; answers given with the machine in view"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.tables import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "evaluation_waves",
        sa.Column("concept_id", sa.Integer(), sa.ForeignKey("concepts.id"), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("label_sequence", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(80), nullable=False),
        sa.Column("weights", sa.LargeBinary(), nullable=True),
        sa.Column("bias", sa.Double(), nullable=False),
        sa.Column("boundaries", sa.JSON(), nullable=False),
        sa.Column("frame", sa.Integer(), nullable=False),
        sa.Column("created", UtcDateTime(), nullable=False),
    )
    wave = sa.Column("wave", sa.Integer(), nullable=False, server_default="0")
    in_view: sa.Column[bool] = sa.Column("in_view", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("evaluation_pictures", wave)
    op.add_column("label_events", in_view)  # in place: a copied table would lose what refers to it
    # What was drawn before was one wave, everything alike. Its frame was the library as it was then.
    op.execute(
        "INSERT INTO evaluation_waves"
        " (concept_id, number, label_sequence, fingerprint, weights, bias, boundaries, frame, created)"
        " SELECT e.concept_id, 1, 0, COALESCE((SELECT fingerprint FROM library LIMIT 1), ''), NULL, 0, '[]',"
        " (SELECT COUNT(*) FROM pictures p WHERE p.added <= MIN(e.added)), MIN(e.added)"
        " FROM evaluation_pictures e WHERE e.drawn = 'random' GROUP BY e.concept_id"
    )
    op.execute("UPDATE evaluation_pictures SET wave = 1 WHERE drawn = 'random'")


def downgrade() -> None:
    raise NotImplementedError("Restore the copy that was made before the upgrade.")
