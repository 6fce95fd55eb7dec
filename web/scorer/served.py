"""Exported classifiers that are loaded to answer: several bundles, each with its encoder and its concepts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from concepts.bundle.check import BundleConcept, bundle_digest, concepts_of, graph_problems
from concepts.bundle.classify import Classifier, Said
from concepts.bundle.decisions import ConceptSaid, PictureSaid, Zone, Zones, zone_of, zones_of
from concepts.bundle.facts import BundleFacts, OneOf
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
        self.about = _about(path.name, bundle.facts, concepts_of(bundle.facts))
        self.concepts = {concept.name: concept for concept in self.about.concepts}

    def said(self, data: bytes) -> tuple[ConceptSaid, ...]:
        """Of each concept. Raises `UnreadableError`."""
        pixels = self._classifier.reader.pixels(data, sent=True)
        (said,) = self._classifier.said(np.stack([pixels]))
        return tuple(self._concept_said(one) for one in said)

    def _concept_said(self, said: Said) -> ConceptSaid:
        about = self.concepts[said.concept]
        return ConceptSaid(
            concept=said.concept,
            version=about.version,
            probability=said.probability,
            decision="yes" if said.decision == "yes" else "no",
            zone=_zone(said, about),
            grade=said.grade,
            familiarity=said.familiarity,
        )


def load_all(paths: Sequence[Path], digests: Sequence[str] = ()) -> list[Served]:
    """Where there are `digests`, each bundle has one of them and each of them a bundle. Raises
    `DiscernError`, also where two of them answer for a concept of the same name."""
    served = [Served(path, digest) for path, digest in zip(paths, _pinned(paths, digests), strict=True)]
    names = [name for one in served for name in one.concepts]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise DiscernError(f"Two of these bundles answer for “{twice}”. Serve one of them.")
    return served


def _pinned(paths: Sequence[Path], digests: Sequence[str]) -> Sequence[str | None]:
    """The digest of each bundle, one of those given; None for all where none are."""
    if not digests:
        return [None] * len(paths)
    wanted = {digest.strip().lower() for digest in digests}
    own = [bundle_digest(path) for path in paths]
    for path, found in zip(paths, own, strict=True):
        if found not in wanted:
            raise DiscernError(f"{path} is not a bundle with one of these digests: its own is {found}.")
    if unknown := wanted - set(own):
        raise DiscernError(f"None of these bundles has the digest {min(unknown)}.")
    return own


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


def _zone(said: Said, about: ServedConcept) -> Zone:
    yes = said.decision == "yes"
    if about.yes_from is None or about.no_up_to is None:
        return "yes" if yes else "no"
    zones = Zones(about.yes_from, about.no_up_to)
    return zone_of(
        said.probability, yes=yes, threshold=about.threshold, zones=zones, familiarity=said.familiarity
    )


def _about(name: str, facts: BundleFacts, columns: Sequence[BundleConcept]) -> ServedBundle:
    exclusive = isinstance(facts.rule, OneOf)
    details = {concept.concept: concept.head.details for concept in facts.concepts}
    return ServedBundle(
        bundle=name,
        fingerprint=facts.encoder.fingerprint,
        concepts=tuple(
            ServedConcept(
                name=column.name,
                version=column.version,
                threshold=column.threshold,
                yes_from=None if exclusive else zones.yes_from,
                no_up_to=None if exclusive else zones.no_up_to,
            )
            for column in columns
            for zones in [zones_of(column.threshold, details.get(column.name, {}))]
        ),
    )
