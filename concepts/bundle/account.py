"""What a version says about itself, in plain words: the one source of the model card and of the one-file
page. Nothing here is escaped; whoever prints it does that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from concepts.bundle.facts import ConceptFacts
from concepts.definition.document import CriterionKind
from concepts.errors import WrongUsageError
from concepts.learning.report import (
    AT_THRESHOLD,
    Guarantee,
    LabelCount,
    Metric,
    about_the_target,
    at_threshold,
)
from concepts.learning.target import Target

UNLIKE = (
    "A familiarity below 0 means that a picture looks like nothing that was labelled: don't trust its score. "
    "It finds other kinds of pictures, not mistakes among pictures of its own kind."
)
FEW = 30  # positives or negatives below this make wide intervals; it is said so

METRIC_WORDS = {
    "average_precision": "Average precision",
    "roc_auc": "ROC AUC",
    "f1": "F1 at the threshold",
    "accuracy": "Accuracy at the threshold",
    "precision": "Precision at the threshold",
    "recall": "Recall at the threshold",
    "brier": "Brier score (lower is better)",
    "calibration_error": "Calibration error (lower is better)",  # of old reports
}
AUTHOR_WORDS = {
    "person": "labelled by a person",
    "simulated": "labelled by a simulated person",
    "annotator": "labelled by a machine",
}


@dataclass(frozen=True)
class Account:
    """Of one version in a bundle. `story`: how the concept came about."""

    facts: ConceptFacts
    discern_version: str
    story: tuple[str, ...] = ()

    @property
    def made(self) -> str:
        facts = self.facts
        return (
            f"Version {facts.head.number}, made with Discern {self.discern_version} on "
            f"{facts.created:%d %B %Y}, under definition {facts.definition_revision}."
        )

    @property
    def threshold(self) -> tuple[str, ...]:
        """What it was chosen for, and whether that is certified, measured or only wished for; then the line
        below which it is sure, where there is one."""
        no = Guarantee.of(self.facts.head.details, "no")
        if no is None:
            return (_yes_from(self.facts),)
        return (
            _yes_from(self.facts),
            f"Up to {no.line:.3g} it is surely no, and in between you have to look yourself. That is "
            f"guaranteed: {no.sentence} {no.n:,} labels say so, of which {no.errors:,} were no clear no.",
        )

    @property
    def probabilities(self) -> str:
        return f"Its probabilities: {self.facts.head.calibration}."

    @property
    def counts(self) -> list[str]:
        kinds: dict[CriterionKind, str] = {"necessary": "Must", "included": "Counts", "supporting": "Helps"}
        of_kind = self.facts.definition.of_kind
        return [f"{words}: {one.text}" for kind, words in kinds.items() for one in of_kind(kind)]

    @property
    def does_not_count(self) -> list[str]:
        definition = self.facts.definition
        found = [one.text for one in definition.of_kind("excluding")]
        # Built-in nouns are searched for because they share words with the name. Nobody decided on them.
        similar = [q.text for q in definition.queries if not q.counts and q.origin != "vocabulary"]
        return found + [f"Similar, but not it: {text}" for text in similar]

    @property
    def left_open(self) -> list[str]:
        return [one.text for one in self.facts.definition.of_kind("undecided")]

    @property
    def measured(self) -> bool:
        return any(metric.value is not None for metric in self.facts.metrics)

    @property
    def simulated(self) -> bool:
        """Whether the answers it was measured against were."""
        return _is_simulated(self.facts.evaluation_labels)

    @property
    def quality(self) -> list[str]:
        if not self.measured:
            return []
        facts = self.facts
        yes, no = _totals(facts.evaluation_labels)
        drawn = {
            "random": "drawn at random and kept out of training",
            "imported": "that were chosen by hand, not drawn at random, and kept out of training",
            None: "kept out of training",
        }[facts.evaluation_drawn]
        sentences = []
        if yes + no:
            sentences.append(f"Measured on {yes + no:,} pictures {drawn}: {yes:,} count, {no:,} don't.")
        # Some kinds of pictures are drawn more often than others, so their share here is not that of all.
        base = facts.metric("base_rate")
        share = base.value if base and base.value is not None else yes / max(yes + no, 1)
        sentences += [at_threshold(metric, share) for name in AT_THRESHOLD if (metric := facts.metric(name))]
        if not Guarantee.of(facts.head.details):
            sentences += about_the_target(facts.head.target, facts.metrics)
        return sentences

    @property
    def figures(self) -> list[tuple[str, str]]:
        """What is measured, and its value with interval and n."""
        return [(metric_words(metric.name), figure(metric)) for metric in self.facts.metrics]

    @property
    def limits(self) -> list[str]:
        facts = self.facts
        found = [f"Trained on {_label_words(facts.training_labels)}."]
        if passed := facts.head.details.get("passed_over"):
            found.append(f"It learned a little from {passed:,} pictures passed over on contact sheets.")
        if _is_simulated(facts.training_labels):
            found.append("Some or all training labels were simulated: no person gave them.")
        yes, no = _totals(facts.evaluation_labels)
        if not yes + no:
            found.append("It has not been measured, so nobody knows how often it is wrong.")
        else:
            found.append(f"Measured on {_label_words(facts.evaluation_labels)}.")
            if min(yes, no) < FEW:
                words = "count" if yes <= no else "don't count"
                found.append(
                    f"Only {min(yes, no)} of those pictures {words}, so its quality is known roughly."
                )
        return [
            *found,
            "It stands for the judgement of those who labelled, on pictures like those it learned from. On "
            "other pictures it can be wrong without looking unsure. Measure it again there before relying on "
            "it.",
            *([UNLIKE] if facts.head.familiar_from is not None else []),
            "It should not be the only reason for a decision about a person.",
            *facts.notes,
        ]


def _yes_from(facts: ConceptFacts) -> str:
    if guarantee := Guarantee.of(facts.head.details):
        return (
            f"That is guaranteed: {guarantee.sentence} {guarantee.n:,} labels say so, of which "
            f"{guarantee.errors:,} were not right."
        )
    said = about_the_target(facts.head.target, facts.metrics)
    if _aims_at_a_share(facts.head.target) and not any(line.endswith(": they are.") for line in said):
        return (
            f"That threshold aims at {facts.head.target}, which is neither guaranteed nor borne out by "
            "what was measured."
        )
    return f"That threshold was chosen for {facts.head.target}."


def _aims_at_a_share(target: str) -> bool:
    try:
        return Target.parse(target).kind != "f1"
    except WrongUsageError:  # such as a threshold set by hand
        return False


def figure(metric: Metric) -> str:
    """A value with its interval and n, or why there is none."""
    note = metric.note
    if metric.value is None:
        return f"not known, n = {metric.n:,}" + (f" ({note})" if note else "")
    if metric.low is None or metric.high is None:
        interval = f"{metric.value:.3f}"
    elif metric.is_wide:
        interval = f"{metric.low:.3f}–{metric.high:.3f}: too early to say"
    else:
        interval = f"{metric.value:.3f} ({metric.low:.3f}–{metric.high:.3f})"
    return f"{interval}, n = {metric.n:,}" + (f"; {note}" if note else "")


def metric_words(name: str) -> str:
    if name.startswith("recall_at_precision_"):
        return f"Recall where precision is {name.removeprefix('recall_at_precision_')}"
    return METRIC_WORDS.get(name, name.replace("_", " "))


def _is_simulated(labels: Sequence[LabelCount]) -> bool:
    return any(count.author_kind == "simulated" and count.yes + count.no for count in labels)


def _totals(labels: Sequence[LabelCount]) -> tuple[int, int]:
    return sum(count.yes for count in labels), sum(count.no for count in labels)


def _label_words(labels: Sequence[LabelCount]) -> str:
    parts = [
        f"{count.yes + count.no:,} pictures {AUTHOR_WORDS[count.author_kind]} "
        f"({count.yes:,} yes, {count.no:,} no)"
        for count in labels
        if count.yes + count.no
    ]
    return " and ".join(parts) or "no labels at all, from the words of the definition alone"
