"""The command line as a person runs it."""

from command_line import discern, ended, shell  # noqa: F401  # fixtures
