"""Pages that are one file: `classify.html`, which scores pictures in a browser, from the file system and
without a network; and a version's account, for whoever has never seen Discern.

 From file:// a page may load nothing but scripts; and where nothing has to be loaded, its
content security policy can forbid every request, so that the browser itself vouches that nothing leaves it.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from concepts.bundle.account import Account
from concepts.bundle.decisions import zones_of
from concepts.bundle.facts import BundleFacts, OneOf
from concepts.bundle.heads import columns_of, description
from concepts.errors import DiscernError
from concepts.learning.report import Guarantee

PAGE_FILE = "classify.html"
RUNTIME_LICENCE = "RUNTIME_LICENCE.txt"
HERE = Path(__file__).parent
FOLDER = HERE / "page"
VENDORED = FOLDER / "vendored"
STYLE = (HERE / "templates" / "account.css").read_text(encoding="utf-8")
TEMPLATES = Environment(
    loader=FileSystemLoader([FOLDER, HERE / "templates"]),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
MOST_BYTES = 128 * 2**20  # of the classifier: a browser holds it several times while the page opens
VERSION = re.compile(r"ONNX Runtime Web v([\d.]+)")
EXPORTS = re.compile(r"export\{([^}]*)\};?\s*(?://#.*)?\s*$")  # of the runtime, at its end

Shown = Sequence[tuple[str, str]]  # role, and the address of a small copy


def classifying_page(
    classifier: bytes,
    pictures: dict[str, Any],
    facts: BundleFacts,
    account: Account | None = None,
    shown: Shown = (),
    licence: str = "",
) -> str:
    """The page that scores pictures. `classifier` is an ONNX graph, and `pictures` how they get the size that
    it takes. With an `account` of the one version in it first, and the pictures `shown` there, and then with
    the licences of what it runs on and of what is in it (`licence`). Raises `DiscernError` for a classifier
    that is too large."""
    if len(classifier) > MOST_BYTES:
        raise DiscernError(
            f"A page for browsers holds a classifier of at most {MOST_BYTES // 2**20} MB; this one has "
            f"{len(classifier) / 2**20:,.0f} MB."
        )
    about = description(facts) | {"pictures": pictures}  # the graph has it too, where no browser gets at it
    runtime = gzip.decompress((VENDORED / "ort.wasm.bundle.min.mjs.gz").read_bytes()).decode()
    code = [(FOLDER / name).read_text(encoding="utf-8") for name in ("reading.js", "page.js")]
    script = "\n".join([_as_global(runtime), *code])
    style = STYLE if account else (FOLDER / "classify.css").read_text(encoding="utf-8")
    columns = [column | _zones(facts, column["name"], column["threshold"]) for column in columns_of(facts)]
    version = VERSION.search(runtime)
    assert version is not None
    return TEMPLATES.get_template(f"{PAGE_FILE}.jinja").render(
        account=account,
        pictures=shown,
        licence=f"{runtime_licence()}\n\n{licence}" if account else "",
        title=", ".join(facts.columns),
        columns=columns,
        about=about | {"columns": columns},
        runtime=version[1],
        model=_base64(gzip.compress(classifier, mtime=0)),
        wasm=_base64((VENDORED / "ort-wasm-simd-threaded.wasm.gz").read_bytes()),
        script=script,  # both are ours, and a policy names their hashes
        style=style,
        script_sha256=_sha256(script),
        style_sha256=_sha256(style),
    )


def runtime_licence() -> str:
    return gzip.decompress((VENDORED / f"{RUNTIME_LICENCE}.gz").read_bytes()).decode()


def _as_global(runtime: str) -> str:
    """A module can't be loaded from a file, so its names become those of an object `ort`."""
    found = EXPORTS.search(runtime)
    assert found is not None
    names = (pair.split(" as ") for pair in found[1].split(","))
    return runtime[: found.start()] + "const ort={" + ",".join(f"{to}:{of}" for of, to in names) + "};"


def _zones(facts: BundleFacts, name: str, threshold: float) -> dict[str, Any]:
    """Where a column is sure, and how it is said: between certified lines, or far from one that isn't."""
    if isinstance(facts.rule, OneOf):
        words = f"yes where it is the most probable of all, of which one is {facts.rule.none}."
        return {"yes_from": 1, "no_up_to": 0, "words": words}
    details = {concept.concept: concept.head.details for concept in facts.concepts}.get(name, {})
    yes_from, no_up_to = zones_of(threshold, details)
    said = f"yes from {_percent(yes_from)} on, no up to {_percent(no_up_to)}, in between look yourself."
    promises = [guarantee.sentence for guarantee in Guarantee.all(details)]
    if not promises:
        said += f" Its threshold is {_percent(threshold)}; none of this is guaranteed."
    return {"yes_from": yes_from, "no_up_to": no_up_to, "words": " ".join([said, *promises])}


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _sha256(text: str) -> str:
    """As a content security policy names it."""
    return _base64(hashlib.sha256(text.encode()).digest())


def document_of(account: Account, pictures: Shown) -> str:
    """A file without a script or anything to load; `pictures` are in their addresses."""
    only = f"img-src data:; style-src 'sha256-{_sha256(STYLE)}'; base-uri 'none'; form-action 'none'"
    today = datetime.now(UTC)
    return TEMPLATES.get_template("version_page.html.jinja").render(
        account=account,
        pictures=pictures,
        policy=f"default-src 'none'; {only}",
        style=STYLE,
        today=f"{today.day} {today:%B %Y}",
    )
