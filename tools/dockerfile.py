"""What a Dockerfile says."""

from __future__ import annotations

import json
import re

Instructions = list[tuple[str, str]]  # (INSTRUCTION, arguments)


def stages(dockerfile: str) -> dict[str, Instructions]:
    """Of each image in order, with those of the stage that it stands on; continued lines joined."""
    text = re.sub(r"^#.*\n", "", dockerfile, flags=re.MULTILINE)
    lines = [line for line in re.sub(r"\\\n\s*", " ", text).splitlines() if line.strip()]
    found: dict[str, Instructions] = {}
    name = ""
    for word, rest in (line.split(" ", 1) for line in lines):
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            found[name] = list(found.get(base, ()))
        else:
            found[name].append((word, rest))
    return found


def arguments(instructions: Instructions, name: str) -> list[str]:
    return [rest for word, rest in instructions if word == name]


def environment(instructions: Instructions) -> dict[str, str]:
    return dict(pair.split("=", 1) for line in arguments(instructions, "ENV") for pair in line.split())


def exec_form(line: str) -> list[str]:
    command: list[str] = json.loads(line[line.index("[") :])
    return command
