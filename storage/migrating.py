"""Migrations of the schema, by Alembic. Apart from the database, which needs them only where one is due."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from storage.database import MIGRATIONS


def upgrade(connection: Connection) -> None:
    """Brings a database to the newest schema, one migration after the other."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
