"""Which tests kill which of 200 mutants of the code that must not be wrong?

    python -m tools.mutants

The same seed draws the same mutants from the same code. One run of the quick tests under coverage says which
lines each test runs. Then each mutant is put into a copy of the tree, where the tests of its line run until
one fails. A run that was cut off goes on where it was. `tools/mutants.csv` keeps the outcomes: when the code
is rebuilt, as large a share must die. A mutant that timed out is dead, too.
"""

from __future__ import annotations

import ast
import csv
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from queue import SimpleQueue

from coverage import CoverageData

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "tools" / "mutants.csv"
SEED = "discern"
AREAS = {  # how many mutants, of which files; a file is of the first area that names it
    "test sets": (25, "concepts/classifier/measured_sample.py concepts/labelling/dataset.py"
        " concepts/labelling/training_data.py concepts/labelling/waves.py"
        " concepts/learning/base.py concepts/learning/stratified.py"
        " concepts/labelling/label_cache.py concepts/learning/waves.py"),
    "intervals": (20, "concepts/classifier/stability.py"
        " concepts/learning/certificates.py"
        " concepts/learning/intervals.py concepts/learning/permutation.py concepts/learning/two_samples.py"
        " concepts/workbench/certificates.py"),
    "evaluation": (30, "concepts/classifier/measuring.py concepts/classifier/quality.py"
        " concepts/classifier/robustness.py concepts/classifier/slices.py concepts/learning/calibration.py"
        " concepts/learning/consistency.py concepts/learning/evaluation.py"
        " concepts/learning/machine_labels.py concepts/learning/report.py concepts/learning/target.py"),
    "labelling": (40, "concepts/labelling/*.py concepts/labelling/formats/*.py"
        " concepts/learning/contact_sheet.py"
        " concepts/workbench/asking.py concepts/workbench/labels.py concepts/workbench/label_exports.py"
        " concepts/workbench/label_files.py concepts/workbench/review.py web/http/answers.py"),
    "access and roles": (25, "concepts/installation/users.py web/http/access.py web/http/exposure.py"
        " web/http/guard.py web/http/login.py web/http/policy.py web/http/screens.py web/http/roles.py"
        " web/http/screening.py web/http/sign_in.py web/http/visitors.py"),
    "storage": (60, "storage/*.py storage/pictures/*.py storage/vectors/*.py"),
}  # fmt: skip
NOT_RUN = ("browser", "end_to_end", "engines", "packaging")  # folders of tests: slow, or of other things
DECIDING = ("concepts/", "discern/", "storage/", "study/", "tests/", "web/")  # another of them, another run
SECONDS = 15.0  # of tests for one mutant
PATIENCE = 120.0  # seconds beyond five times that, until a mutant counts as timed out
AT_ONCE = 2
FEW = ("-q", "-rfE", "-p", "no:xdist")

COMPARISONS = {
    ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="), ast.NotEq: ("!=", "=="), ast.Is: ("is", "is not"), ast.IsNot: ("is not", "is"),
    ast.In: ("in", "not in"), ast.NotIn: ("not in", "in"),
}  # fmt: skip
ARITHMETIC = {ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "/"), ast.FloorDiv: ("//", "*")}
LOGS = {"debug", "info", "warning", "error", "exception"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
TEXTS = (ast.Constant, ast.JoinedStr, ast.List, ast.Tuple)  # which + and * join
JUMPS = (ast.Return, ast.Raise, ast.Continue, ast.Break)


@dataclass(frozen=True, order=True)
class Mutant:
    """`new` in place of the bytes from `start` to `end` of a file."""

    area: str
    path: str
    line: int
    start: int
    end: int
    new: str

    @property
    def key(self) -> str:
        return f"{self.path}:{self.start}:{self.end}:{self.new}"

    def applied(self, source: bytes) -> bytes:
        return source[: self.start] + self.new.encode() + source[self.end :]

    def shown(self, source: bytes) -> str:
        """The line with what was there and what is there now: `if n [< → <=] most:`."""
        before = source[source.rfind(b"\n", 0, self.start) + 1 : self.start].decode().lstrip()
        old = " ".join(source[self.start : self.end].decode().split())
        after = source[self.end :].split(b"\n", 1)[0].decode()
        return f"{before[-50:]}[{old[:60]} → {self.new or 'nothing'}]{after[:50]}"


# Drawing


def changes(source: bytes) -> Iterator[tuple[int, int, int, str]]:
    """Line, start, end and new text of each small change inside functions that a test ought to notice."""
    starts = [0]
    for text in source.split(b"\n"):
        starts.append(starts[-1] + len(text) + 1)

    def start(node: ast.expr | ast.stmt) -> int:
        return starts[node.lineno - 1] + node.col_offset

    def end(node: ast.expr | ast.stmt) -> int:
        return starts[(node.end_lineno or 1) - 1] + (node.end_col_offset or 0)

    def between(left: ast.expr, right: ast.expr, old: str, new: str) -> Iterator[tuple[int, int, str]]:
        at = source.find(old.encode(), end(left), start(right))
        if at >= 0:
            yield at, at + len(old), new

    def of(node: ast.AST) -> Iterator[tuple[int, int, str]]:
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            yield from between(node.left, node.comparators[0], *COMPARISONS[type(node.ops[0])])
        elif isinstance(node, ast.BoolOp):
            words = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
            yield from between(node.values[0], node.values[1], *words)
        elif isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
            if not any(isinstance(side, TEXTS) and not _is_number(side) for side in (node.left, node.right)):
                yield from between(node.left, node.right, *ARITHMETIC[type(node.op)])
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
            # Not up to the operand, which begins behind a bracket before it.
            yield start(node), start(node) + len("not " if isinstance(node.op, ast.Not) else "-"), ""
        elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
            yield start(node), end(node), str(not node.value)
        elif isinstance(node, ast.Constant) and isinstance(node.value, int):
            yield start(node), end(node), str(node.value + 1)
        elif isinstance(node, ast.If) and len(node.body) == 1 and isinstance(node.body[0], JUMPS):
            yield start(node.test), end(node.test), "False"
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.Call | ast.Name | ast.Attribute):
            yield start(node.value), end(node.value), "None"
        elif isinstance(node, ast.Raise) or (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and not _logs(node.value)
        ):
            yield start(node), end(node), "pass"

    def inside(node: ast.AST) -> Iterator[ast.AST]:
        # What a person reads, and what only types or checks ourselves, is left alone.
        if not isinstance(node, ast.JoinedStr | ast.Assert | ast.arguments):
            yield node
            for child in ast.iter_child_nodes(node):
                if child is not getattr(node, "annotation", None):
                    yield from inside(child)

    defined = (n for n in ast.walk(ast.parse(source)) if isinstance(n, FUNCTIONS))
    for node in {id(n): n for function in defined for part in function.body for n in inside(part)}.values():
        for at, until, new in of(node):
            yield source.count(b"\n", 0, at) + 1, at, until, new


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)


def _logs(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr in LOGS


def draw(root: Path, files: Sequence[str], areas: Mapping[str, tuple[int, str]] = AREAS) -> list[Mutant]:
    """So many of each area, at most one of a line, every line as likely. Raises `SystemExit` for a pattern
    that fits no file."""
    taken: set[str] = set()
    drawn: list[Mutant] = []
    for area, (number, patterns) in areas.items():
        names: set[str] = set()
        for pattern in patterns.split():
            like = [f for f in files if fnmatchcase(f, pattern) and f.count("/") == pattern.count("/")]
            if not like:
                raise SystemExit(f"No file is {pattern}, of “{area}”: say in AREAS what is there now.")
            names.update(like)
        by_line: dict[tuple[str, int], list[Mutant]] = defaultdict(list)
        for name in sorted(names - taken):
            source = (root / name).read_bytes()
            for line, start, end, new in sorted(changes(source)):
                by_line[name, line].append(Mutant(area, name, line, start, end, new))
        chance = random.Random(f"{SEED} {area}")
        lines = chance.sample(sorted(by_line), min(number, len(by_line)))
        drawn += [chance.choice(by_line[line]) for line in lines]
        taken |= names
    return sorted(drawn)


# Running


class Copy:
    """A copy of files, in which tests run. Each run has its own copy of `cache`, too."""

    def __init__(self, root: Path, files: Sequence[str], folder: Path, cache: Path) -> None:
        self.root, self.folder, self.cache = root, folder, cache
        for name in files:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, folder / name)

    def pytest(self, *arguments: str, patience: float | None = None) -> tuple[int | None, str]:
        """The exit code, None where it took too long, and what was printed."""
        temporary, cache = self.folder / "tmp", self.folder / "cache"
        temporary.mkdir(exist_ok=True)
        shutil.rmtree(cache, ignore_errors=True)
        if self.cache.exists():
            shutil.copytree(self.cache, cache)
        environment = os.environ | {"PYTHONPATH": str(self.folder), "TMPDIR": str(temporary)}
        command = [sys.executable, "-m", "pytest", "-m", "not slow", "--hypothesis-seed=0"]
        process = subprocess.Popen(
            [*command, "-o", f"cache_dir={cache}", *arguments], cwd=self.folder, env=environment,
            start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        try:
            printed, _ = process.communicate(timeout=patience)
            return process.returncode, printed
        except subprocess.TimeoutExpired:
            return None, ""
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # also what tests have started
            process.wait()
            shutil.rmtree(temporary, ignore_errors=True)


@dataclass
class Tests:
    """The seconds that each quick test takes, and which tests run which line of which file."""

    seconds: dict[str, float]
    lines: dict[str, dict[int, list[str]]]

    def of(self, mutant: Mutant) -> list[str]:
        """The quickest of those that run its line, as many as `SECONDS` allow, those of a file together."""
        chosen: list[str] = []
        spent = 0.0
        running = set(self.lines.get(mutant.path, {}).get(mutant.line, ()))
        for test in sorted(running & self.seconds.keys(), key=lambda test: (self.seconds[test], test)):
            if chosen and spent + self.seconds[test] > SECONDS:
                break
            chosen.append(test)
            spent += self.seconds[test]
        return sorted(chosen)


def learned(copy: Copy, kept: Path) -> Tests:
    """Runs the quick tests once under coverage, unless an earlier run has, and keeps what encoders cached."""
    if not kept.exists():
        without = [f"--ignore=tests/{folder}" for folder in NOT_RUN]
        report = copy.folder / "report.xml"
        _, printed = copy.pytest(
            "-q", "-n", str(AT_ONCE), "--dist", "loadfile", "--cov=concepts", "--cov=storage", "--cov=web",
            "--cov-context=test", "--cov-report=", f"--junitxml={report}",
            "-o", "junit_family=xunit1", "tests", *without,
        )  # fmt: skip
        print(printed[-2000:], flush=True)
        shutil.copytree(copy.folder / "cache", copy.cache, dirs_exist_ok=True)
        seconds = {}
        for case in ElementTree.parse(report).iter("testcase"):
            if not len(case):  # nothing went wrong, and it wasn't left out
                seconds[f"{case.get('file')}::{_in_file(case)}"] = float(case.get("time", 0))
        data = CoverageData(str(copy.folder / ".coverage"))
        data.read()
        lines = {}
        for file in data.measured_files():
            found = data.contexts_by_lineno(file)
            lines[str(Path(file).relative_to(copy.folder))] = {
                line: sorted({context.partition("|")[0] for context in contexts} - {""})
                for line, contexts in found.items()
            }
        kept.write_text(json.dumps([seconds, lines]))
    seconds, of_file = json.loads(kept.read_text())
    by_line = {file: {int(line): tests for line, tests in of.items()} for file, of in of_file.items()}
    return Tests(seconds, by_line)


def _in_file(case: ElementTree.Element) -> str:
    """`Class::test[parameter]`, as pytest names it behind its file."""
    module = (case.get("file") or "").removesuffix(".py").replace("/", ".")
    classes = (case.get("classname") or "").removeprefix(module).strip(".")
    return "::".join(filter(None, [*classes.split("."), case.get("name")]))


def outcome(copy: Copy, mutant: Mutant, tests: Sequence[str]) -> tuple[str, str]:
    """`killed`, `timed out` or `survived`, and by which test. Raises `SystemExit` where pytest can't run
    these tests without the mutant, either."""
    if not tests:
        return "survived", "no test runs this line"
    file = copy.folder / mutant.path
    source = (copy.root / mutant.path).read_bytes()
    file.write_bytes(mutant.applied(source))
    try:
        code, printed = copy.pytest(*FEW, "-x", *tests, patience=PATIENCE + 5 * SECONDS)
    finally:
        file.write_bytes(source)
    if not code:
        return ("timed out" if code is None else "survived"), ""
    if code in (1, 2) and (found := failed(printed, tests)):
        return "killed", found[0]
    code, printed = copy.pytest(*FEW, *tests)
    if code:
        raise SystemExit(f"Also without {mutant.key} pytest ends with {code}:\n{printed[-2000:]}")
    return "killed", "before the first test"


def failed(printed: str, tests: Collection[str]) -> list[str]:
    """Which of the tests pytest says have failed, and which files it couldn't collect."""
    summary = printed.rpartition("short test summary info")[2]
    said = re.findall(r"^(?:FAILED|ERROR) (\S.*)$", summary, re.MULTILINE)
    return [next((t for t in tests if f"{s} ".startswith(f"{t} ")), s.partition(" - ")[0]) for s in said]


def judged(
    mutants: Sequence[Mutant], tests: Tests, copies: Sequence[Copy], journal: Path
) -> dict[str, list[str]]:
    """Outcome and test by a mutant's key, each written down as soon as it is known. What a test killed that
    fails without a mutant, too, is judged again without that test."""
    known = dict(map(json.loads, journal.read_text().splitlines())) if journal.exists() else {}
    idle: SimpleQueue[Copy] = SimpleQueue()
    for copy in copies:
        idle.put(copy)

    def judge(mutant: Mutant) -> None:
        copy = idle.get()
        try:
            found = outcome(copy, mutant, tests.of(mutant))
        finally:
            idle.put(copy)
        known[mutant.key] = list(found)
        with journal.open("a") as out:
            out.write(json.dumps([mutant.key, found]) + "\n")
        print(f"{len(known)}: {mutant.path}:{mutant.line} {' '.join(found)}", flush=True)

    with ThreadPoolExecutor(len(copies)) as pool:
        list(pool.map(judge, [mutant for mutant in mutants if mutant.key not in known]))
    killing = {test for end, test in known.values() if end == "killed"} & tests.seconds.keys()
    code, printed = copies[0].pytest(*FEW, *sorted(killing)) if killing else (0, "")
    if code == 0:
        return known
    if not (ill := set(failed(printed, killing)) & killing):
        raise SystemExit(f"Without a mutant pytest ends with {code}:\n{printed[-2000:]}")
    print(f"These fail without a mutant, and kill none: {', '.join(sorted(ill))}", flush=True)
    rest = {test: took for test, took in tests.seconds.items() if test not in ill}
    journal.write_text("".join(json.dumps(one) + "\n" for one in known.items() if one[1][1] not in ill))
    return judged(mutants, Tests(rest, tests.lines), copies, journal)


def main() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    files = [name for name in listed.splitlines() if (ROOT / name).is_file()]
    code = [name for name in files if name.endswith(".py") and name.startswith(DECIDING)]
    digest = hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in code)).hexdigest()[:12]
    kept = ROOT / ".sample" / f"mutants-{digest}"
    mutants = draw(ROOT, files)
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        Path(folder).chmod(0o711)  # PostgreSQL runs as somebody else, and has a folder in it
        copies = [Copy(ROOT, files, Path(folder, str(number)), kept / "cache") for number in range(AT_ONCE)]
        tests = learned(copies[0], kept / "lines.json")
        known = judged(mutants, tests, copies, kept / "outcomes.jsonl")
    new = ROOT / ".sample" / "mutants.csv"
    with new.open("w", newline="") as out:
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(["area", "path", "line", "change", "outcome", "test"])
        for one in mutants:
            change = one.shown((ROOT / one.path).read_bytes())
            rows.writerow([one.area, one.path, one.line, change, *known[one.key]])
    for area in AREAS:
        print(f"{area}: {share(new, area):.0%} died")
    take_over(new, RESULTS)


def take_over(new: Path, results: Path) -> None:
    """Puts new results in the place of the old ones. Raises `SystemExit` where fewer died."""
    before = share(results) if results.exists() else 0.0
    print(f"together: {share(new):.0%} died, {before:.0%} before")
    if share(new) < before:
        raise SystemExit(f"Fewer mutants die than before: see in {new} which tests are missing.")
    shutil.copyfile(new, results)


def share(results: Path, area: str = "") -> float:
    """How many of the mutants of an area, or of all, were killed or timed out."""
    with results.open(newline="") as rows:
        outcomes = [row["outcome"] for row in csv.DictReader(rows) if area in ("", row["area"])]
    return sum(outcome in ("killed", "timed out") for outcome in outcomes) / len(outcomes)


if __name__ == "__main__":
    main()
