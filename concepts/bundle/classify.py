"""Say of pictures whether they show it, with the classifier in this folder. Nothing leaves this computer.

    pip install -r requirements.txt
    python classify.py PATH… [--out scores.csv] [--threshold 0.5]

A PATH is a picture or a folder, with all folders in it. What is here is compared with SHA256SUMS first, which
shows damage; what isn't listed there is refused and not run. Needs NumPy, ONNX Runtime and Pillow; HEIC
pictures also `pip install pi-heif`. In Python: `for answer in classify.Classifier().answers([PATH]): …`.

Where classifier.onnx isn't in this folder, the encoder is named, and needs `pip install open_clip_torch`:

    python classify.py PATH… --encoder hf-hub:organisation/name
"""

# ruff: noqa: E402, PTH100, PTH118, PTH120
# Until this folder is off the path, only what Python has inside is imported: a numpy.py, json.py or
# __future__.py may lie here.

import os
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
OWN = {os.path.realpath(FOLDER), os.path.dirname(os.path.realpath(__file__))}  # hubs keep links to files
PLACES = list(sys.path)
if not __package__:  # in a bundle; else this is part of Discern
    sys.path[:] = [place for place in PLACES if os.path.realpath(place) not in OWN]

import argparse
import csv
import json
import re
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, TextIO


def _from_source(name: str) -> None:
    """Load a module of the bundle from its own file, not from a package of that name or what was compiled."""
    if __package__:
        return
    file = os.path.join(FOLDER, f"{name}.py")
    with open(file, "rb") as stream:  # noqa: PTH123
        source = stream.read()
    sys.modules[name] = module = ModuleType(name)
    exec(compile(source, file, "exec"), vars(module))


try:
    import numpy as np
    import onnxruntime

    _from_source("checksums")
    _from_source("pixels")
    _from_source("reading")
    from concepts.bundle.checksums import folder_differences
    from concepts.bundle.reading import BadPictureError, Reader, bytes_of, printable, walk
except FileNotFoundError as error:
    if __name__ != "__main__":
        raise
    sys.exit(f"{error.filename} is missing. Copy this folder again.")
except ModuleNotFoundError as error:
    if __name__ != "__main__":
        raise
    needed = Path(__file__).with_name("requirements.txt")
    sys.exit(f'{error.name} is missing. In an environment of its own: pip install -r "{needed}"')

if __name__ != "__main__" and not __package__:
    sys.path[:] = PLACES  # as whoever imports this had it

BESIDE = Path(__file__).with_name("classifier.onnx")
FORMAT = 2  # of the description in classifier.onnx
CHANGED = "Take away what isn’t its own, or copy it again. To use it as it is, add --accept-changed."
BATCH = 16
WORKERS = os.cpu_count() or 2

FORMULA = re.compile(r"'*[=+\-@\t\r\n]")  # what a spreadsheet program takes for a formula


class Said(NamedTuple):
    """Of one concept: `probability` 0..1, `decision` yes or no; `grade` where it is graded, 1 to its best;
    `familiarity` where it is known: below 0 a picture is unlike all that was labelled."""

    concept: str
    probability: float
    decision: str
    grade: float | None = None
    familiarity: float | None = None


class Answer(NamedTuple):
    """What is `said` of a picture, in the order of `Classifier.columns`; or nothing, and `error` says why."""

    path: str
    said: tuple[Said, ...]
    error: str | None

    @property
    def probability(self) -> float | None:
        """Of the first, which is the only one where the folder has one concept."""
        return self.said[0].probability if self.said else None

    @property
    def decision(self) -> str | None:
        return self.said[0].decision if self.said else None


class ChangedError(ValueError):
    """Files beside the classifier are not those that were written with it."""


class Classifier:
    def __init__(
        self,
        model: str | Path | bytes = BESIDE,
        encoder: str | None = None,
        *,
        accept_changed: bool = False,
    ) -> None:
        """`model` is a classifier.onnx, or what it holds; or, with an `encoder` that open_clip knows, the
        head.onnx for it. Raises ValueError for a model that is none, of another format, or not for this
        encoder, and, unless `accept_changed`, where its folder is not as it was written."""
        if not isinstance(model, bytes) and not accept_changed:
            _check_unchanged(Path(model).parent)
        name = "the model" if isinstance(model, bytes) else model
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # a batch in every thread, each on one core
        try:
            given: Any = model if isinstance(model, bytes) else str(model)
            self._session = onnxruntime.InferenceSession(given, options, ["CPUExecutionProvider"])
        except Exception as error:  # of classes that share no base
            raise ValueError(f"{name} can't be loaded: {error}") from error
        about = json.loads(self._session.get_modelmeta().custom_metadata_map.get("discern", "{}"))
        if about.get("format") != FORMAT:
            raise ValueError(f"{name} is of another format; take the classify.py that came with it")
        self.about: dict[str, Any] = about
        self.columns: list[str] = [column["name"] for column in about["columns"]]
        self._outputs = [output.name for output in self._session.get_outputs()]
        self.thresholds: list[float] = [column["threshold"] for column in about["columns"]]
        self._encoder: Any = None
        if encoder is not None:
            _from_source("open_clip_encoder")
            from concepts.bundle.open_clip_encoder import OpenClip

            self._encoder = OpenClip(encoder, about["weights_sha256"])
        self.reader = Reader(self._encoder.pictures if self._encoder else about["pictures"])

    def answers(
        self, paths: Sequence[str | os.PathLike[str]], thresholds: Mapping[str, float] | float | None = None
    ) -> Iterator[Answer]:
        """One a picture, folders in sorted order, in flat memory. `thresholds` for all concepts, or by name,
        are taken instead of the classifier's own. Raises FileNotFoundError for a path that isn't there."""
        threshold = self._instead(thresholds)
        files = walk(paths)
        waiting: deque[Any] = deque()
        with ThreadPoolExecutor(WORKERS) as pool:
            try:
                while batch := list(islice(files, BATCH)):
                    waiting.append(pool.submit(self._batch, batch, threshold))
                    if len(waiting) > WORKERS + 1:
                        yield from waiting.popleft().result()
                while waiting:
                    yield from waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()

    def _instead(self, thresholds: Mapping[str, float] | float | None) -> Any:
        """(columns,), or None for the classifier's own."""
        if thresholds is None:
            return None
        if self.about["one_of"]:
            raise ValueError("the most probable class is right here; there is no threshold")
        if not isinstance(thresholds, Mapping):
            return np.full(len(self.columns), float(thresholds))
        if unknown := thresholds.keys() - set(self.columns):
            raise ValueError(f"there is no {min(unknown)!r} here, only {', '.join(self.columns)}")
        own = zip(self.columns, self.thresholds, strict=True)
        return np.array([thresholds.get(name, threshold) for name, threshold in own])

    def _batch(self, paths: Sequence[str], threshold: Any) -> list[Answer]:
        read: list[Any] = []
        for path in paths:
            try:
                read.append(self.reader.pixels(bytes_of(path)))
            except BadPictureError as error:
                read.append(error)
        good = [item for item in read if not isinstance(item, BadPictureError)]
        found = iter(self.said(np.stack(good), threshold) if good else ())
        return [
            Answer(printable(path), (), str(item))
            if isinstance(item, BadPictureError)
            else Answer(printable(path), next(found), None)
            for path, item in zip(paths, read, strict=True)
        ]

    def said(self, pixels: Any, threshold: Any = None) -> Iterator[tuple[Said, ...]]:
        """uint8 (n, 3, height, width), as `reader.pixels` gives them → of each picture what is said of it."""
        given = (
            {"pictures": pixels} if self._encoder is None else {"embedding": self._encoder.vectors(pixels)}
        )
        found = dict(zip(self._outputs, self._session.run(None, given), strict=True))
        probability, decision = found["probability"], found["decision"]
        if threshold is not None:
            decision = probability.astype(np.float64) >= threshold
        for row in range(len(pixels)):
            grade, familiarity = (
                dict(zip(self.about[which], found[kind][row].tolist(), strict=True)) if kind in found else {}
                for which, kind in (("graded", "grade"), ("familiar", "familiarity"))
            )
            yield tuple(
                Said(
                    name,
                    float(probability[row, i]),
                    "yes" if decision[row, i] else "no",
                    grade.get(name),
                    familiarity.get(name),
                )
                for i, name in enumerate(self.columns)
            )


class Counts(NamedTuple):
    rows: int
    yes: list[int]  # of each column
    bad: int  # that can't be read


def write(answers: Iterable[Answer], about: Mapping[str, Any], stream: TextIO, as_lines: bool) -> Counts:
    """CSV, or a JSON value a line. Of several concepts each has its name before its columns."""
    names = [column["name"] for column in about["columns"]]
    kinds = [("score", "decision", *(["grade"] if name in about["graded"] else [])) for name in names]
    familiar = [place for place, name in enumerate(names) if name in about["familiar"]]
    yes, rows, bad = [0] * len(names), 0, 0
    writer = csv.writer(stream, lineterminator="\n")
    if not as_lines:
        heads = [f"{n}: {k}" if len(names) > 1 else k for n, of in zip(names, kinds, strict=True) for k in of]
        last = [f"{names[place]}: familiarity" if len(names) > 1 else "familiarity" for place in familiar]
        writer.writerow(["path", *map(_no_formula, heads), "error", *map(_no_formula, last)])
    for answer in answers:
        rows, bad = rows + 1, bad + (answer.error is not None)
        for place, said in enumerate(answer.said):
            yes[place] += said.decision == "yes"
        if as_lines:
            stream.write(json.dumps(_as_json(answer), ensure_ascii=False) + "\n")
            continue
        cells, last = [""] * sum(map(len, kinds)), [""] * len(familiar)
        if answer.said:
            cells = [_cell(said, kind) for said, of in zip(answer.said, kinds, strict=True) for kind in of]
            last = [_cell(answer.said[place], "familiarity") for place in familiar]
        writer.writerow([_no_formula(answer.path), *cells, answer.error or "", *last])
    return Counts(rows, yes, bad)


def _cell(said: Said, kind: str) -> str:
    if kind == "decision":
        return said.decision
    return f"{said.probability:.6f}" if kind == "score" else f"{getattr(said, kind):.3f}"


def _no_formula(text: str) -> str:
    return f"'{text}" if FORMULA.match(text) else text


def _as_json(answer: Answer) -> dict[str, Any]:
    if answer.error is not None:
        return {"path": answer.path, "error": answer.error}
    said = {}
    for s in answer.said:
        more = {kind: value for kind in ("grade", "familiarity") if (value := getattr(s, kind)) is not None}
        said[s.concept] = {"score": s.probability, "decision": s.decision, **more}
    return {"path": answer.path, **(said if len(said) > 1 else next(iter(said.values())))}


def told(answers: Iterable[Answer]) -> Iterator[Answer]:
    """The same, with how far it is on standard error: every second at a terminal, else every ten."""
    at_terminal = sys.stderr.isatty()
    started = last = time.monotonic()
    done = 0
    for done, answer in enumerate(answers, 1):
        if (now := time.monotonic()) - last >= (1 if at_terminal else 10):
            last = now
            rate = f"{done:,} pictures, {done / (now - started):.0f} a second"
            print(rate, file=sys.stderr, end="   \r" if at_terminal else "\n", flush=True)
        yield answer


def main() -> int:
    parser = argparse.ArgumentParser(description="Say of pictures whether they show it.")
    parser.add_argument("paths", nargs="+", metavar="PATH", help="a picture or a folder")
    parser.add_argument("--out", type=Path, help="a .csv or .jsonl file; without it CSV is printed")
    parser.add_argument("--threshold", action="append", help="yes from it on: 0.7, or of several NAME=0.7")
    parser.add_argument("--encoder", help="open_clip's name of the encoder, where it isn't in this folder")
    parser.add_argument("--accept-changed", action="store_true", help="use files that differ from SHA256SUMS")
    asked = parser.parse_args()
    if asked.out and asked.out.suffix.lower() not in (".csv", ".jsonl"):
        parser.error("--out is a .csv or .jsonl file")
    if asked.out and os.path.realpath(asked.out.parent) in OWN:
        parser.error("--out is in the classifier's own folder. Name a file elsewhere")
    try:
        thresholds = _thresholds(asked.threshold or [])
    except ValueError:
        parser.error("--threshold is a number from 0 to 1, or NAME= and such a number")
    partial = asked.out.with_name(f".{asked.out.name}.partial") if asked.out else None
    try:
        classifier = _classifier(asked.encoder, asked.accept_changed)
        answers = told(classifier.answers(asked.paths, thresholds))
        if partial:
            with partial.open("w", encoding="utf-8", newline="") as stream:
                counts = write(answers, classifier.about, stream, asked.out.suffix.lower() == ".jsonl")
        else:
            counts = write(answers, classifier.about, sys.stdout, False)
        if not counts.rows:
            raise ValueError(f"no picture was found in {', '.join(asked.paths)}; name a folder that has some")
        if partial:
            partial.replace(asked.out)  # there only once complete
    except ChangedError as error:
        print(f"{parser.prog}: {error}. {CHANGED}", file=sys.stderr)
        return 1
    except (OSError, ValueError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        if partial:
            partial.unlink(missing_ok=True)
    several = [f" {name}" if len(classifier.columns) > 1 else "" for name in classifier.columns]
    yes = ", ".join(f"{n:,} yes{name}" for n, name in zip(counts.yes, several, strict=True))
    print(f"{counts.rows:,} pictures: {yes}, {counts.bad:,} can't be read.", file=sys.stderr)
    return 0


def _classifier(encoder: str | None, accept_changed: bool) -> Classifier:
    if not accept_changed:
        _check_unchanged(BESIDE.parent)
    if encoder is not None:
        return Classifier(BESIDE.with_name("head.onnx"), encoder, accept_changed=True)
    if not BESIDE.exists():
        raise ValueError("the encoder isn't in this folder; README.md says which it is: --encoder NAME")
    return Classifier(accept_changed=True)


def _check_unchanged(folder: Path) -> None:
    if found := folder_differences(folder):
        raise ChangedError(f"this folder is not as it was written: {'; '.join(found)}")


def _thresholds(asked: Sequence[str]) -> Mapping[str, float] | float | None:
    """Raises ValueError for one that is no number from 0 to 1."""
    found = {}
    for text in asked:
        name, _, number = text.rpartition("=")
        found[name] = float(number)
        if not 0 <= found[name] <= 1:
            raise ValueError(number)
    return found.get("") if "" in found or not found else found


if __name__ == "__main__":
    sys.exit(main())
