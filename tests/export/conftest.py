"""A head with its facts and curves, as the workbench would hand them to the export."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import bundles
import numpy as np
import pytest
from small_disk import small_disk  # noqa: F401  # a fixture

from concepts.bundle.facts import BundleFacts
from concepts.bundle.heads import EncoderGraph
from concepts.learning.base import LinearHead, Prototypes
from concepts.learning.report import Curves, ReliabilityBin


@pytest.fixture(scope="session")
def curves() -> Curves:
    return Curves(
        precision=(1.0, 1.0, 0.87, 0.5, 0.3),
        recall=(0.1, 0.7, 0.9, 0.95, 1.0),
        reliability=(
            ReliabilityBin(predicted=0.1, observed=0.05, low=0.02, high=0.12, n=120),
            ReliabilityBin(predicted=0.9, observed=0.95, low=0.8, high=0.99, n=40),
        ),
        histogram_edges=(0.0, 0.25, 0.5, 0.75, 1.0),
        histogram_yes=(2, 4, 14, 40),
        histogram_no=(110, 20, 8, 2),
    )


@pytest.fixture(scope="session")
def small_graph() -> EncoderGraph:
    return bundles.small_graph()


@pytest.fixture(scope="session")
def head() -> LinearHead:
    rng = np.random.default_rng(7)
    line = bundles.make_head(rng.normal(size=8) * 3)
    return replace(line, prototypes=Prototypes(*(rng.normal(size=(n, 8)).astype(np.float32) for n in (2, 3))))


@pytest.fixture(scope="session")
def facts(head: LinearHead) -> BundleFacts:
    return bundles.make_facts(head)


@pytest.fixture(scope="session")
def made_bundle(
    tmp_path_factory: pytest.TempPathFactory,
    head: LinearHead,
    facts: BundleFacts,
    curves: Curves,
    small_graph: EncoderGraph,
) -> Path:
    return bundles.write_one(tmp_path_factory.mktemp("bundle") / "messy", head, facts, curves, small_graph)


@pytest.fixture
def folder(made_bundle: Path, tmp_path: Path) -> Path:
    """A copy of a whole bundle, with its zip beside it."""
    shutil.copytree(made_bundle.parent, tmp_path, dirs_exist_ok=True)
    return tmp_path / made_bundle.name
