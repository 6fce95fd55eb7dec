"""Pictures have a name and a date to be sorted by, and can be removed from the library"""

from __future__ import annotations

from itertools import groupby

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

UNREAD = -(2**62) - 1  # as storage.tables has it
AT_ONCE = 5000


def upgrade() -> None:
    by_bytes = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.add_column("pictures", sa.Column("name", by_bytes, nullable=False, server_default=""))
    taken = sa.Column("taken", sa.BigInteger(), nullable=False, server_default=str(UNREAD))
    op.add_column("pictures", taken)
    op.add_column("pictures", sa.Column("removed", sa.DateTime(timezone=True)))
    _name_pictures(op.get_bind())
    op.create_index("pictures_by_name", "pictures", ["name", "id"])
    op.create_index("pictures_by_taken", "pictures", ["taken", "id"])
    op.create_index("pictures_by_pixels", "pictures", [sa.text("(width * height)"), "id"])
    op.create_index("pictures_by_bytes", "pictures", ["bytes", "id"])
    op.create_index("pictures_by_format", "pictures", ["format"])
    some = sa.text("removed IS NOT NULL")
    op.create_index("pictures_removed", "pictures", ["removed"], sqlite_where=some, postgresql_where=some)
    op.create_table(
        "removals",
        sa.Column("sequence", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("picture_id", sa.String(64), sa.ForeignKey("pictures.id"), nullable=False),
        sa.Column("deed", sa.String(10), nullable=False),
        sa.Column("author", sa.String(200), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_removals_picture_id", "removals", ["picture_id"])
    op.create_table(
        "refused_pictures",
        sa.Column("picture_id", sa.String(64), primary_key=True),
        sa.Column("author", sa.String(200), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
    )


def _name_pictures(connection: sa.Connection) -> None:
    """The folded name of the first file of each; a million take half a minute."""
    sources = sa.table("sources", sa.column("uri"), sa.column("picture_id"))
    pictures = sa.table("pictures", sa.column("id"), sa.column("name"))
    name = sa.update(pictures).where(pictures.c.id == sa.bindparam("one"))
    name = name.values(name=sa.bindparam("folded"))
    after = ""
    while True:
        query = sa.select(sources.c.picture_id, sources.c.uri).where(sources.c.picture_id > after)
        query = query.order_by(sources.c.picture_id).limit(AT_ONCE)
        rows = connection.execute(query).all()
        if not rows:
            return
        if len(rows) == AT_ONCE and rows[0][0] != rows[-1][0]:  # the last may go on behind the limit
            rows = [row for row in rows if row[0] != rows[-1][0]]
        after = rows[-1][0]
        places = {one: min(uri for _, uri in found) for one, found in groupby(rows, key=lambda row: row[0])}
        connection.execute(
            name, [{"one": one, "folded": uri.rpartition("/")[2].casefold()} for one, uri in places.items()]
        )


def downgrade() -> None:
    raise NotImplementedError("Restore the copy that was made before the upgrade.")
