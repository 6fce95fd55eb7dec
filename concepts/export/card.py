"""The model card: what the classifier recognises, how well, where it fails and how to use it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from concepts.errors import SettingsError
from concepts.export.facts import BundleFacts, ConceptFacts
from concepts.export.figures import Figure
from concepts.export.rules import AllOf, Combined, Expression, Is, Not, parts_of
from concepts.export.usage import (
    HOW_ANYWHERE,
    anywhere,
    from_pictures_alone,
    in_a_shell,
    named,
    with_numpy,
    with_onnx,
)
from concepts.learning.average_probability import about_probabilities
from concepts.learning.report import Guarantee, LabelCount, Metric, about_the_target
from concepts.learning.target import Target

FEW = 30  # positives or negatives below this make wide intervals; the card says so

METRIC_WORDS = {
    "average_precision": "Average precision",
    "roc_auc": "ROC AUC",
    "f1": "F1 at the threshold",
    "accuracy": "Accuracy at the threshold",
    "precision": "Precision at the threshold",
    "recall": "Recall at the threshold",
    "brier": "Brier score (lower is better)",
    "probability_gap": "Mean probability minus the share that counts",
    "calibration_error": "Calibration error (lower is better)",  # of old reports
}
AUTHOR_WORDS = {
    "person": "answered by a person",
    "simulated": "answered by a simulated person",
    "annotator": "labelled by a machine",
}


def card_text(
    facts: BundleFacts,
    plots: Sequence[Mapping[str, Figure]] = (),
    alone: str | None = None,
    page: bool = False,
) -> str:
    """`README.md` of a bundle: Markdown after YAML front matter, as the Hugging Face Hub reads it.

    `plots` are the figures of each concept that lie beside it, by file name. `alone` says why the encoder
    isn't in it, `page` whether there is one for browsers.
    """
    of_each = list(plots) or [{}] * len(facts.concepts)
    about = [_about(facts, concept, of) for concept, of in zip(facts.concepts, of_each, strict=True)]
    if len(about) > 1:
        about = [_all_of_them(facts), *(re.sub("^#", "##", text, flags=re.MULTILINE) for text in about)]
    return (
        "\n\n".join([_front_matter(facts), *about, _use(facts, alone, page), _encoder(facts, alone)]) + "\n"
    )


def _about(facts: BundleFacts, concept: ConceptFacts, plots: Mapping[str, Figure]) -> str:
    return "\n\n".join(
        [_what_it_is(facts, concept), _definition(concept), _quality(concept, plots), _limits(concept)]
    )


def _all_of_them(facts: BundleFacts) -> str:
    names = ", ".join(_line(concept.concept) for concept in facts.concepts)
    return (
        f"# {names}\n\n{len(facts.concepts)} small image classifiers that share one encoder: a picture is "
        f"looked at once, and each says of it what it says.{_rule(facts)}"
    )


def _rule(facts: BundleFacts) -> str:
    if isinstance(facts.rule, Combined):
        return (
            f" **{_line(facts.rule.name)}** combines them: {_line(in_words(facts.rule.expression, facts))}; "
            f"yes from {facts.rule.threshold:.3g} on. The probabilities are multiplied as if one said "
            "nothing about another."
        )
    if facts.rule:
        return f" At most one of them is right: the most probable one, or {_line(facts.rule.none)}."
    return ""


def in_words(expression: Expression, facts: BundleFacts) -> str:
    """“messy room and not (people or pets)”."""
    if isinstance(expression, Is):
        return facts.concepts[expression.concept].concept
    parts = [in_words(part, facts) for part in parts_of(expression)]
    if isinstance(expression, Not):
        return f"not {parts[0]}"
    return "(" + (" and " if isinstance(expression, AllOf) else " or ").join(parts) + ")"


def _front_matter(facts: BundleFacts) -> str:
    """Values are written as JSON, which is YAML, so that no name can break out of its line.

    There is no `license`: the head's licence is its owner's choice.
    """
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
    return "\n".join(["---", *lines, "---"])


def _what_it_is(facts: BundleFacts, concept: ConceptFacts) -> str:
    return (
        f"# {_line(concept.concept)}\n\n"
        f"> {_line(concept.definition.description)}\n\n"
        f"A small image classifier, made with Discern {_line(facts.discern_version)} on "
        f"{concept.created:%d %B %Y} (version {concept.head.number}). It gives a picture a probability of "
        f"showing this, and says **yes** from {concept.head.threshold:.3g} on. {_threshold(concept)}"
        + _graded(concept)
    )


def _graded(concept: ConceptFacts) -> str:
    grades = concept.grades
    return (
        f"\n\nIt also gives a grade from 1 to {grades.n}; those from {grades.counts_from} on are a yes."
        if grades
        else ""
    )


def _threshold(facts: ConceptFacts) -> str:
    """What the threshold was chosen for, and whether that is certified, measured or only wished for; and the
    line below which it is sure."""
    no = Guarantee.of(facts.head.details, "no")
    if no is None:
        return _yes_from(facts)
    return (
        f"{_yes_from(facts)}\n\nUp to {no.line:.3g} it is **surely no**, and in between you have to look "
        f"yourself. That line is certified: {_line(no.sentence)} {no.n:,} answers say so, of which "
        f"{no.errors:,} were no clear no."
    )


def _yes_from(facts: ConceptFacts) -> str:
    if guarantee := Guarantee.of(facts.head.details):
        return (
            f"That line is certified: {_line(guarantee.sentence)} {guarantee.n:,} answers say so, of which "
            f"{guarantee.errors:,} were not right."
        )
    said = about_the_target(facts.head.target, facts.metrics)
    if _aims_at_a_share(facts.head.target) and not any(line.endswith(": they are.") for line in said):
        return (
            f"That threshold aims at {_line(facts.head.target)}, which is neither certified nor borne out by "
            "what was measured."
        )
    return f"That threshold was chosen for {_line(facts.head.target)}."


def _aims_at_a_share(target: str) -> bool:
    try:
        return Target.parse(target).kind != "f1"
    except SettingsError:  # such as a threshold set by hand
        return False


def _definition(facts: ConceptFacts) -> str:
    definition = facts.definition
    counts = [f"- Must: {_line(c.text)}" for c in definition.of_kind("necessary")]
    counts += [f"- Counts: {_line(c.text)}" for c in definition.of_kind("included")]
    counts += [f"- Helps: {_line(c.text)}" for c in definition.of_kind("supporting")]
    does_not = [f"- {_line(c.text)}" for c in definition.of_kind("excluding")]
    does_not += [f"- Similar, but not it: {_line(q.text)}" for q in definition.queries if not q.counts]
    undecided = [f"- {_line(c.text)}" for c in definition.of_kind("undecided")]
    return "\n\n".join(
        [
            "## What counts",
            "\n".join(counts) or "No criteria were written down: the sentence above is all there is.",
            "## What doesn't",
            "\n".join(does_not) or "Nothing was written down.",
            *(["## What was left open", "\n".join(undecided)] if undecided else []),
            f"This is revision {facts.definition_revision} of the definition.",
        ]
    )


def _quality(facts: ConceptFacts, plots: Mapping[str, Figure]) -> str:
    parts = ["## How good it is"]
    if not any(metric.value is not None for metric in facts.metrics):
        parts.append("**It has not been measured**: there were no figures when it was exported.")
    else:
        parts.append(_in_words(facts))
    if _simulated(facts.evaluation_labels):
        parts.append(
            "**The answers it was measured against were simulated**, not given by a person. The figures show "
            "how well it matches the simulation, not anybody's judgement."
        )
    parts += [f"![{figure.said}]({name})" for name, figure in plots.items()]
    if facts.metrics:
        parts.append(_table(facts))
    return "\n\n".join(parts)


def _in_words(facts: ConceptFacts) -> str:
    yes, no = _totals(facts.evaluation_labels)
    drawn = {
        "random": "drawn at random and kept out of training",
        "imported": "that were chosen by hand, not drawn at random, and kept out of training",
        None: "kept out of training",
    }[facts.evaluation_drawn]
    sentences = []
    if yes + no:
        sentences.append(f"Measured on {yes + no:,} pictures {drawn}: {yes:,} count, {no:,} don't.")
    if precision := facts.metric("precision"):
        at_random = f"of 100 at random {100 * yes / max(yes + no, 1):.0f} would be"
        sentences.append(f"Of 100 pictures it flags, about {_of_100(precision)} are right; {at_random}.")
    if recall := facts.metric("recall"):
        sentences.append(f"Of 100 pictures that count, it finds about {_of_100(recall)}.")
    if not Guarantee.of(facts.head.details):
        sentences += about_the_target(facts.head.target, facts.metrics)
    sentences += about_probabilities(facts.metrics)
    return " ".join(sentences) or "The figures are in the table below."


def _table(facts: ConceptFacts) -> str:
    """This head in the first column of figures, each baseline in its own."""
    columns = [("This classifier", facts.metrics), *((_line(b.name), b.metrics) for b in facts.baselines)]
    names = list(dict.fromkeys(metric.name for _, metrics in columns for metric in metrics))
    lines = [
        "| | " + " | ".join(words for words, _ in columns) + " |",
        "|---|" + "---|" * len(columns),
    ]
    for name in names:
        cells = [_cell(next((m for m in metrics if m.name == name), None)) for _, metrics in columns]
        lines.append(f"| {_metric_words(name)} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + f"\n\nIn brackets: {_line(facts.interval)}; n: pictures the figure rests on."


def _cell(metric: Metric | None) -> str:
    if metric is None:
        return "–"
    if metric.value is None:
        return f"not known, n = {metric.n:,}" + (f" ({_line(metric.note)})" if metric.note else "")
    interval = f" ({metric.low:.3f}–{metric.high:.3f})" if _has_interval(metric) else ""
    return f"{metric.value:.3f}{interval}, n = {metric.n:,}" + (
        f"; {_line(metric.note)}" if metric.note else ""
    )


def _limits(facts: ConceptFacts) -> str:
    limits = [f"Trained on {_label_words(facts.training_labels)}."]
    if _simulated(facts.training_labels):
        limits.append("Some or all training answers were simulated: no person gave them.")
    yes, no = _totals(facts.evaluation_labels)
    if not yes + no:
        limits.append("No picture was set aside to measure it, so nobody knows how often it is wrong.")
    else:
        limits.append(f"Measured on {_label_words(facts.evaluation_labels)}.")
        if min(yes, no) < FEW:
            words = "count" if yes <= no else "don't count"
            limits.append(f"Only {min(yes, no)} of those pictures {words}, so its quality is known roughly.")
    limits += [
        f"Its probabilities: {_line(facts.head.calibration)}.",
        "It stands for the judgement of those who labelled, on pictures like those it learned from. On other "
        "pictures it can be wrong without looking unsure. Measure it again there before relying on it.",
        "It should not be the only reason for a decision about a person.",
        *(_line(note) for note in facts.notes),
    ]
    return "\n".join(["## Limits", "", *(f"- {limit}" for limit in limits)])


def _use(facts: BundleFacts, alone: str | None, page: bool) -> str:
    in_browser = ["Without Python: open `classify.html` in a browser, and drop pictures. They stay there."]
    on_pictures = _pictures(facts) if alone is None else _alone(facts, alone)
    return "\n\n".join(["## How to use it", *(in_browser if page else []), on_pictures, _vectors(facts)])


def _pictures(facts: BundleFacts) -> str:
    precision, columns = facts.encoder.precision, len(facts.columns)
    rounded = (
        f" The answers it learned from were looked at in {precision}, and this computes in float32: the same "
        "picture may score a little differently than in that library."
        if precision != "float32" and not precision.startswith("int8-")
        else ""
    )
    return f"""On pictures, in this folder, with Python 3.11 or later and without Discern:

```sh
{anywhere(".")}
```

{HOW_ANYWHERE} In Python:

```python
{from_pictures_alone(".")}
```

`classifier.onnx` is all of it as one graph: `pictures` uint8 (n, 3, height, width) to `probability` and \
`decision` (n, {columns}). `reading.py` shows how a picture gets that size.{rounded}

`SHA256SUMS` holds the checksums of all files, as sha256sum reads them."""


def _alone(facts: BundleFacts, reason: str) -> str:
    encoder = facts.encoder
    return f"""The encoder isn't in this folder: {_line(reason)}. Discern loads it by its name, from where \
its makers keep it; read its licence first. On pictures, with Discern:

```sh
{in_a_shell("THIS_FOLDER", trust=encoder.name)}
```

Or without Discern, in this folder, with Python 3.11 or later; the weights are compared with those that it \
was made for:

```sh
{named(".", encoder.name)}
```"""


def _vectors(facts: BundleFacts) -> str:
    encoder = facts.encoder
    return f"""### On embeddings

The other files score vectors of {encoder.dimension:,} numbers and length 1, from the encoder below. Vectors \
of any other encoder give meaningless scores.

In Python, with NumPy and safetensors, in this folder:

```python
{with_numpy(".", encoder.fingerprint, encoder.dimension)}
```

With ONNX Runtime:

```python
{with_onnx(".")}
```

`head.json` has all of this for programs, `head.safetensors` the weights and the bias."""


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


def _metric_words(name: str) -> str:
    if name.startswith("recall_at_precision_"):
        return f"Recall where precision is {_line(name.removeprefix('recall_at_precision_'))}"
    return METRIC_WORDS.get(name, _line(name.replace("_", " ")))


def _has_interval(metric: Metric) -> bool:
    return metric.low is not None and metric.high is not None


def _of_100(metric: Metric) -> str:
    assert metric.value is not None
    words = f"{100 * metric.value:.0f}"
    if metric.low is not None and metric.high is not None:
        words += f" ({100 * metric.low:.0f}–{100 * metric.high:.0f})"
    return words


def _totals(counts: Sequence[LabelCount]) -> tuple[int, int]:
    return sum(count.yes for count in counts), sum(count.no for count in counts)


def _simulated(counts: Sequence[LabelCount]) -> bool:
    return any(count.author_kind == "simulated" and count.yes + count.no for count in counts)


def _label_words(counts: Sequence[LabelCount]) -> str:
    parts = [
        f"{count.yes + count.no:,} pictures {AUTHOR_WORDS[count.author_kind]} "
        f"({count.yes:,} yes, {count.no:,} no)"
        for count in counts
        if count.yes + count.no
    ]
    return " and ".join(parts) or "no labels at all, from the words of the definition alone"
