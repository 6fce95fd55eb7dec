"""Exported classifiers that are loaded to answer: several bundles, each with its encoder and its concepts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from concepts.bundle.check import bundle_digest, concepts_of, graph_problems
from concepts.bundle.classify import Classifier
from concepts.bundle.decisions import ConceptSaid, PictureSaid, Zone, Zones, zone_of, zones_of
from concepts.bundle.facts import OneOf
from concepts.bundle.load import CLASSIFIER_FILE, read_bundle
from concepts.bundle.reading import BadPictureError as UnreadableError
from concepts.errors import DiscernError
from concepts.view import View
from storage.errors import BadPictureError
from web.http.pictures import ReceivedPicture


class ServedConcept(View):
    """Yes from `yes_from` on, no up to `no_up_to`, in between a person has to look; None of exclusive
    classes, of which the most probable is right."""

    name: str
    version: int | None
    threshold: float
    yes_from: float | None
    no_up_to: float | None


class ServedBundle(View):
    """`fingerprint` is its encoder's."""

    bundle: str
    fingerprint: str
    concepts: tuple[ServedConcept, ...]


class Served:
    """The classifiers of one bundle, for several threads at once."""

    def __init__(self, path: Path, digest: str | None = None) -> None:
        """Raises `ChangedBundleError` for a bundle that is not as it was written, and `DiscernError` for one
        that is another than that of the `digest`, that doesn't load, or that has no encoder."""
        bundle, files = read_bundle(path, [CLASSIFIER_FILE], digest=digest)
        if CLASSIFIER_FILE not in files:
            raise DiscernError(
                f"{path} has no {CLASSIFIER_FILE}: its encoder could not go along, so it can't answer alone."
            )
        graph = files[CLASSIFIER_FILE]
        if problems := graph_problems(graph, bundle):
            raise DiscernError(f"{path} can't answer: {'; '.join(problems)}. Export it again.")
        try:
            self._classifier = Classifier(graph)
        except ValueError as error:
            raise DiscernError(
                f"{path} was written by another version of Discern. Export it again."
            ) from error
        facts = bundle.facts
        exclusive = isinstance(facts.rule, OneOf)
        details = {concept.concept: concept.head.details for concept in facts.concepts}
        concepts = []
        for column in concepts_of(facts):
            zones = zones_of(column.threshold, details.get(column.name, {}))
            yes_from, no_up_to = (None, None) if exclusive else zones
            concepts.append(
                ServedConcept(
                    name=column.name,
                    version=column.version,
                    threshold=column.threshold,
                    yes_from=yes_from,
                    no_up_to=no_up_to,
                )
            )
        fingerprint = facts.encoder.fingerprint
        self.about = ServedBundle(bundle=path.name, fingerprint=fingerprint, concepts=tuple(concepts))
        self.concepts = {concept.name: concept for concept in self.about.concepts}

    def said(self, data: bytes) -> tuple[ConceptSaid, ...]:
        """Of each concept. Raises `UnreadableError`."""
        pixels = self._classifier.reader.pixels(data, sent=True)
        (said,) = self._classifier.said(np.stack([pixels]))
        found = []
        for one in said:
            about = self.concepts[one.concept]
            decision: Literal["yes", "no"] = "yes" if one.decision == "yes" else "no"
            zone: Zone = decision
            if about.yes_from is not None and about.no_up_to is not None:
                zone = zone_of(
                    one.probability,
                    yes=decision == "yes",
                    threshold=about.threshold,
                    zones=Zones(about.yes_from, about.no_up_to),
                    familiarity=one.familiarity,
                )
            found.append(
                ConceptSaid(
                    concept=one.concept,
                    version=about.version,
                    probability=one.probability,
                    decision=decision,
                    zone=zone,
                    grade=one.grade,
                    familiarity=one.familiarity,
                )
            )
        return tuple(found)


def load_all(paths: Sequence[Path], digests: Sequence[str] = ()) -> list[Served]:
    """Where there are `digests`, each bundle has one of them and each of them a bundle. Raises
    `DiscernError`, also where two of them answer for a concept of the same name."""
    own: Sequence[str | None] = [None] * len(paths)
    if digests:
        wanted, own = {digest.strip().lower() for digest in digests}, [*map(bundle_digest, paths)]
        for path, found in zip(paths, own, strict=True):
            if found not in wanted:
                raise DiscernError(f"{path} is not a bundle with one of these digests: its own is {found}.")
        if unknown := wanted - set(own):
            raise DiscernError(f"None of these bundles has the digest {min(unknown)}.")
    served = [Served(path, digest) for path, digest in zip(paths, own, strict=True)]
    names = [name for one in served for name in one.concepts]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise DiscernError(f"Two of these bundles answer for “{twice}”. Serve one of them.")
    return served


def all_said(served: Sequence[Served], sent: ReceivedPicture, wanted: frozenset[str]) -> PictureSaid:
    """What all of them say, of the `wanted` concepts or, where none are named, of all."""
    try:
        data = sent.read()
        said = [
            one
            for of in served
            if not wanted or wanted & of.concepts.keys()
            for one in of.said(data)
            if not wanted or one.concept in wanted
        ]
    except (UnreadableError, BadPictureError) as error:
        return PictureSaid(name=sent.name, error=str(error))
    return PictureSaid(name=sent.name, said=tuple(said))
