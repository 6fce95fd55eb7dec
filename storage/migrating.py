"""Migrations of the schema, by Alembic. Apart from the database, which needs them only where one is due."""

from __future__ import annotations

from functools import cache

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection

from storage.database import MIGRATIONS


def knows(revision: str) -> bool:
    """Whether a schema is one of ours, of today or of before."""
    try:
        return _scripts().get_revision(revision) is not None
    except CommandError:
        return False


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Brings a database to the newest schema, or an older one, one migration after the other."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


@cache
def _scripts() -> ScriptDirectory:
    """Read once: a demo opens a database for each visitor."""
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
