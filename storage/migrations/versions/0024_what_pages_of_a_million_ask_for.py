"""What pages of a million pictures ask for is kept: which are repeated, how full folders are, more indexes"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

AT_ONCE = 20_000
SORTED_BY = {
    "added": "added",
    "name": "name",
    "taken": "taken",
    "pixels": "(width * height)",
    "bytes": "bytes",
}


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":  # below a folder is a range of places, in the order of bytes
        op.alter_column("sources", "uri", type_=sa.Text(collation="C"))
    for flag in ("copied", "alike"):
        op.add_column("pictures", sa.Column(flag, sa.Boolean(), nullable=False, server_default=sa.false()))
    _flag(connection)
    _folders(connection)
    _counts(connection)
    _collections(connection)
    op.drop_index("ix_pictures_added", "pictures")
    op.drop_index("pictures_by_taken", "pictures")
    op.drop_index("pictures_by_format", "pictures")
    op.create_index("pictures_by_added", "pictures", ["added", "id", "taken"])
    op.create_index("pictures_by_taken", "pictures", ["taken", "id", "added"])
    op.create_index("pictures_by_format_added", "pictures", ["format", "added", "id"])
    op.create_index("pictures_by_format_taken", "pictures", ["format", "taken", "id"])
    for flag in ("copied", "alike"):
        some = sa.text(f"{flag} = TRUE")
        for name, of in SORTED_BY.items():
            op.create_index(
                f"pictures_{flag}_by_{name}",
                "pictures",
                [flag, of if name == of else sa.text(of), "id"],
                sqlite_where=some,
                postgresql_where=some,
            )


def _flag(connection: sa.Connection) -> None:
    """Two passes over indexes, and a write for each of the few."""
    several = "SELECT picture_id FROM sources GROUP BY picture_id HAVING count(*) > 1"
    connection.execute(sa.text(f"UPDATE pictures SET copied = TRUE WHERE id IN ({several})"))
    groups = "SELECT near_group FROM pictures WHERE removed IS NULL GROUP BY near_group HAVING count(*) > 1"
    connection.execute(sa.text(f"UPDATE pictures SET alike = TRUE WHERE near_group IN ({groups})"))


def _collections(connection: sa.Connection) -> None:
    for name in ("first_added", "last_added"):
        op.add_column("collections", sa.Column(name, sa.DateTime(timezone=True)))
    members = "FROM collection_pictures JOIN pictures ON pictures.id = picture_id"
    ours = f"{members} WHERE collection_id = collections.id"
    spans = f"first_added = (SELECT min(added) {ours}), last_added = (SELECT max(added) {ours})"
    connection.execute(sa.text(f"UPDATE collections SET {spans}"))


def _counts(connection: sa.Connection) -> None:
    counts = op.create_table(
        "library_counts",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("pictures", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("groups", sa.Integer(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
    )
    shown = "FROM pictures WHERE removed IS NULL"
    places = "FROM sources JOIN pictures ON pictures.id = picture_id WHERE removed IS NULL"
    pictures = connection.scalar(sa.text(f"SELECT count(*) {shown}"))
    size = connection.scalar(sa.text(f"SELECT sum(bytes) {shown}")) or 0
    groups = connection.scalar(sa.text(f"SELECT count(*) FROM (SELECT DISTINCT near_group {shown}) AS g"))
    groups -= bool(connection.scalar(sa.text(f"SELECT count(*) {shown} AND near_group IS NULL")))
    found = connection.scalar(sa.text(f"SELECT count(*) {places}"))
    row = {"id": 1, "pictures": pictures, "bytes": int(size), "groups": groups, "places": found}
    if pictures:  # an empty one may be filled with a copy's rows, this one among them
        connection.execute(sa.insert(counts).values(row))


def _folders(connection: sa.Connection) -> None:
    by_bytes = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    moment = sa.DateTime(timezone=True)
    folders = op.create_table(
        "folders",
        sa.Column("path", by_bytes, primary_key=True),
        sa.Column("parent", by_bytes, nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("first_added", moment, nullable=False),
        sa.Column("last_added", moment, nullable=False),
        sa.Column("first_taken", sa.BigInteger(), nullable=False),
        sa.Column("last_taken", sa.BigInteger(), nullable=False),
    )
    rows = _counted(connection)
    for start in range(0, len(rows), AT_ONCE):
        connection.execute(sa.insert(folders), rows[start : start + AT_ONCE])
    op.create_index("folders_by_parent", "folders", ["parent", "path"])


def _counted(connection: sa.Connection) -> list[dict[str, Any]]:
    """One pass over all places; a million take some seconds. Those in the bin count for no number, but their
    times do: they can be put back."""
    sources = sa.table("sources", sa.column("uri", sa.Text()), sa.column("picture_id", sa.Text()))
    pictures = sa.table(
        "pictures",
        sa.column("id", sa.Text()),
        sa.column("removed", sa.DateTime(timezone=True)),
        sa.column("added", sa.DateTime(timezone=True)),
        sa.column("taken", sa.BigInteger()),
    )
    shown = sa.case((pictures.c.removed.is_(None), 1), else_=0)
    query = sa.select(sources.c.uri, shown, pictures.c.added, pictures.c.taken)
    query = query.join(pictures, pictures.c.id == sources.c.picture_id)
    direct: dict[str, tuple[Any, ...]] = {}
    for uri, files, added, taken in connection.execute(query.execution_options(yield_per=AT_ONCE)):
        folder = _parent(uri)
        if folder:
            direct[folder] = _sum(direct.get(folder), (files, added, added, taken, taken))
    total: dict[str, tuple[Any, ...]] = {}
    for folder, found in direct.items():
        path = folder
        while path:
            total[path] = _sum(total.get(path), found)
            path = _parent(path) if path != "/" else ""
    names = ("files", "first_added", "last_added", "first_taken", "last_taken")
    return [
        {"path": path, "parent": _parent(path) if path != "/" else ""} | dict(zip(names, found, strict=True))
        for path, found in total.items()
    ]


def _sum(one: tuple[Any, ...] | None, other: tuple[Any, ...]) -> tuple[Any, ...]:
    if one is None:
        return other
    return (
        one[0] + other[0],
        min(one[1], other[1]),
        max(one[2], other[2]),
        min(one[3], other[3]),
        max(one[4], other[4]),
    )


def _parent(path: str) -> str:
    """The folder that a place or folder is right inside of."""
    inside, slash, _ = path.rpartition("/")
    return inside or slash


def downgrade() -> None:
    raise NotImplementedError("Restore the copy that was made before the upgrade.")
