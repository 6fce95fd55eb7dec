"""The command line. Every command calls use cases; a group of commands is a module.

What takes long to import (the use cases, and all they bring) is imported inside the commands: a
person who asks for help, or mistypes, shouldn't wait for it.
"""

from concepts.cli.groups import app
from concepts.cli.root import main

__all__ = ["app", "main"]
