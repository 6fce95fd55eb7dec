"""The model card: what the classifier recognises, how well, where it fails and how to use it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from concepts.bundle.account import Account, figure, metric_words
from concepts.bundle.facts import BundleFacts, Combined, ConceptFacts
from concepts.bundle.figures import PlotFigure
from concepts.bundle.rule_text import text_of
from concepts.bundle.usage import (
    HOW_ANYWHERE,
    anywhere,
    from_pictures_alone,
    in_a_shell,
    with_numpy,
    with_onnx,
)


def card_text(
    facts: BundleFacts,
    plots: Sequence[Mapping[str, PlotFigure]] = (),
    alone: str | None = None,
    page: bool = False,
    stories: Sequence[Sequence[str]] = (),
) -> str:
    """`README.md` of a bundle: Markdown after YAML front matter, as the Hugging Face Hub reads it.

    `plots` are the figures of each concept that lie beside it, by file name. `alone` says why the encoder
    isn't in it, `page` whether there is one for browsers; `stories` how each concept came about.
    """
    about = []
    for place, concept in enumerate(facts.concepts):
        account = Account(concept, facts.discern_version)
        parts = [
            _what_it_is(account),
            "\n\n".join(
                [
                    "## What counts",
                    _list(account.counts) or "What the sentence above says.",
                    "## What doesn't",
                    _list(account.does_not_count) or "Nothing was written down.",
                    *(["## What was left open", left] if (left := _list(account.left_open)) else []),
                    f"This is revision {account.facts.definition_revision} of the definition.",
                ]
            ),
            _quality(account, plots[place] if plots else {}),
            _section("Limits", [*account.limits, account.probabilities]),
        ]
        if stories and stories[place]:
            parts.append(_section("How it came about", stories[place]))
        about.append("\n\n".join(parts))
    if len(about) > 1:
        about = [_all_of_them(facts), *(re.sub("^#", "##", text, flags=re.MULTILINE) for text in about)]
    entries: dict[str, object] = {
        "library_name": "discern",
        "pipeline_tag": "image-classification",
        "tags": ["discern", "image-classification", "linear-probe", "onnx", "safetensors"],
    }
    if facts.encoder.name.startswith("hf-hub:"):
        entries["base_model"] = facts.encoder.name.removeprefix("hf-hub:")
    names = dict.fromkeys(metric.name for concept in facts.concepts for metric in concept.metrics)
    if names:
        entries["metrics"] = list(names)
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in entries.items()]
    return (
        "\n\n".join(
            [("\n".join(["---", *lines, "---"])), *about, _use(facts, alone, page), _encoder(facts, alone)]
        )
        + "\n"
    )


def _all_of_them(facts: BundleFacts) -> str:
    concepts, rule = [concept.concept for concept in facts.concepts], ""
    if isinstance(facts.rule, Combined):
        text = _line(text_of(facts.rule.expression, concepts))
        rule = (
            f" **{_line(facts.rule.name)}** combines them: {text}; yes from {facts.rule.threshold:.3g} on. "
            "The probabilities are multiplied as if one said nothing about another."
        )
    elif facts.rule:
        rule = f" At most one of them is right: the most probable one, or {_line(facts.rule.none)}."
    return (
        f"# {', '.join(map(_line, concepts))}\n\n{len(concepts)} small image classifiers that share one "
        f"encoder: a picture is looked at once, and each says of it what it says.{rule}"
    )


def _what_it_is(account: Account) -> str:
    yes, *no = map(_line, account.threshold)
    concept, grades = account.facts, account.facts.grades
    parts = [
        f"# {_line(concept.concept)}",
        f"> {_line(concept.definition.description)}",
        f"A small image classifier, made with Discern {_line(account.discern_version)} on "
        f"{concept.created:%d %B %Y} (version {concept.head.number}). It gives a picture a probability of "
        f"showing this, and says **yes** from {concept.head.threshold:.3g} on. {yes}",
        *(one.replace("surely no", "**surely no**", 1) for one in no),
    ]
    if grades:
        parts.append(
            f"It also gives a grade from 1 to {grades.n}; those from {grades.counts_from} on are a yes."
        )
    return "\n\n".join(parts)


def _quality(account: Account, plots: Mapping[str, PlotFigure]) -> str:
    parts = ["## How good it is"]
    if not account.measured:
        parts.append("**It has not been measured**: there were no figures when it was exported.")
    else:
        parts.append(_line(" ".join(account.quality) or "The figures are in the table below."))
    if account.simulated:
        parts.append(
            "**The labels it was measured against were simulated**, not given by a person. The figures show "
            "how well it matches the simulation, not anybody's judgement."
        )
    parts += [
        f"![{figure.said}]({name})\n\n{figure.title}. {figure.caption}" for name, figure in plots.items()
    ]
    if account.facts.metrics:
        parts.append(_table(account.facts))
    return "\n\n".join(parts)


def _table(facts: ConceptFacts) -> str:
    """This head in the first column of figures, each baseline in its own."""
    columns = [("This classifier", facts.metrics), *((_line(b.name), b.metrics) for b in facts.baselines)]
    known = [{metric.name: _line(figure(metric)) for metric in metrics} for _, metrics in columns]
    lines = [
        "| | " + " | ".join(words for words, _ in columns) + " |",
        "|---|" + "---|" * len(columns),
    ]
    for name in dict.fromkeys(name for metrics in known for name in metrics):
        cells = [metrics.get(name, "–") for metrics in known]
        lines.append(f"| {_line(metric_words(name))} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + f"\n\nIn brackets: {_line(facts.interval)}; n: pictures the figure rests on."


def _section(title: str, items: Sequence[str]) -> str:
    return f"## {title}\n\n{_list(items)}"


def _list(items: Sequence[str]) -> str:
    return "\n".join(f"- {_line(item)}" for item in items)


def _use(facts: BundleFacts, alone: str | None, page: bool) -> str:
    in_browser = ["Without Python: open `classify.html` in a browser, and drop pictures. They stay there."]
    on_pictures = _pictures(facts) if alone is None else _alone(facts, alone)
    return "\n\n".join(["## How to use it", *(in_browser if page else []), on_pictures, _vectors(facts)])


def _pictures(facts: BundleFacts) -> str:
    columns = len(facts.columns)
    return f"""On pictures, with Python 3.11 or later and without Discern; in another folder, as this one \
holds nothing else:

```sh
{anywhere("THIS_FOLDER")}
```

{HOW_ANYWHERE} In Python:

```python
{from_pictures_alone("THIS_FOLDER")}
```

`classifier.onnx` is all of it as one graph: `pictures` uint8 (n, 3, height, width) to `probability` and \
`decision` (n, {columns}). `reading.py` shows how a picture gets that size.

`SHA256SUMS` holds the checksums of all files, as sha256sum reads them."""


def _alone(facts: BundleFacts, reason: str) -> str:
    encoder = facts.encoder
    return f"""The encoder isn't in this folder: {_line(reason)}. Discern loads it by its name, from where \
its makers keep it; read its licence first. On pictures, with Discern:

```sh
{in_a_shell("THIS_FOLDER", trust=encoder.name)}
```

Or without Discern, in another folder, with Python 3.11 or later; the weights are compared with those that \
it was made for:

```sh
{anywhere("THIS_FOLDER", encoder.name)}
```"""


def _vectors(facts: BundleFacts) -> str:
    encoder = facts.encoder
    return f"""### On embeddings

The other files score vectors of {encoder.dimension:,} numbers and length 1, from the encoder below. Vectors \
of any other encoder give meaningless scores.

In Python, with NumPy and safetensors:

```python
{with_numpy("THIS_FOLDER", encoder.fingerprint, encoder.dimension)}
```

With ONNX Runtime:

```python
{with_onnx("THIS_FOLDER")}
```

`head.json` has all of this for programs, `head.safetensors` the weights, the bias and the prototypes."""


def _encoder(facts: BundleFacts, alone: str | None) -> str:
    encoder = facts.encoder
    rows = {
        "Encoder": encoder.name,
        "Fingerprint": encoder.fingerprint,
        "Architecture": encoder.architecture,
        "SHA-256 of its weights": encoder.weights_sha256,
        "Preprocessing": encoder.preprocessing,
        "Precision": encoder.precision,
        "Numbers per picture": f"{encoder.dimension:,}",
        "Licence of its weights": encoder.licence,
    }
    notes = [
        "The encoder is not part of this folder; its licence above applies to it."
        if alone is not None
        else "`classifier.onnx` holds the encoder, under its licence above (`ENCODER_LICENCE.txt`).",
        "The head's licence is its owner's choice, as far as the pictures it learned from allow.",
        *map(_line, facts.licence_notes),
    ]
    table = "\n".join(f"| {key} | {_line(value)} |" for key, value in rows.items())
    return f"## Encoder and licences\n\n| | |\n|---|---|\n{table}\n\n" + "\n".join(f"- {n}" for n in notes)


def _line(text: str) -> str:
    """Someone's words on one line, with what would be a table, a link, a heading or HTML made harmless."""
    return re.sub(r"([\\`*\[\]<>|#])", r"\\\1", " ".join(text.split()))
