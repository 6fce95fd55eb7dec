"""DNS rebinding, with a real resolver: `tests/rebinding.py` in a network of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from not_run import not_run
from rebinding import PUBLIC

SCRIPT = Path(__file__).parents[1] / "rebinding.py"


@pytest.mark.parametrize("what", [["webhook"], ["model"], ["command", "changes.example"]])
def test_a_name_whose_answers_change_leads_to_no_address_that_is_refused(what: list[str]) -> None:
    namespaces = ["unshare", "--mount", "--net"]
    if not shutil.which("unshare") or subprocess.run([*namespaces, "true"], capture_output=True).returncode:
        not_run("names whose answers change", "Only root may have a network of its own for them.")
    environment = os.environ | {"PYTHONPATH": str(SCRIPT.parents[1])}
    ended = subprocess.run(
        [*namespaces, sys.executable, SCRIPT, *what], capture_output=True, text=True, env=environment
    )
    assert ended.returncode == 0, ended.stderr
    outcomes = [json.loads(line) for line in ended.stdout.splitlines()]
    reached = {(one["name"], one["time"]): one["reached"] for one in outcomes if one["reached"]}
    assert reached == {("changes.example", 1): [PUBLIC]}
    refused = "an internal address" if what == ["webhook"] else "no model is served"
    assert all(refused in one["said"] for one in outcomes if not one["reached"])
