"""A bundle from a stranger names an encoder: nothing of it is loaded until a person says so."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pytest
from bundles import make_facts, make_head, write_one
from drawing import draw_folder
from tiny_open_clip import make_tiny_open_clip

from concepts import encoders
from concepts.bundle.load import encoder_of, load_bundle
from concepts.bundle.usage import from_pictures
from concepts.encoders import load_encoder
from concepts.encoders.base import Fingerprint
from concepts.errors import EncoderError, FingerprintMismatchError, NotAllowedError
from concepts.library.upkeep import reembed
from concepts.results.export import ScoreResult, encoder_facts
from concepts.results.library import import_pictures
from concepts.results.scores import begin_scoring
from concepts.rooms import open_app
from concepts.settings import Settings
from concepts.use_cases import App


@pytest.fixture
def theirs(tmp_path: Path, tiny_open_clip: Path) -> Path:
    """A stranger's bundle for an open_clip model in a folder of this computer."""
    encoder = load_encoder(f"local-dir:{tiny_open_clip}", cache=tmp_path / "cache")
    head = make_head(np.linspace(-1, 1, encoder.dimension), 0.1)
    facts = make_facts(head, encoder=encoder_facts(encoder))
    return write_one(tmp_path / "theirs", head, facts, None)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return draw_folder(tmp_path / "pictures", 3)


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the encoders that were loaded."""
    names: list[str] = []

    def watched(name: str, **arguments: object) -> encoders.Encoder:
        names.append(name)
        return load_encoder(name, **arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(encoders, "load_encoder", watched)
    return names


def bench_of(folder: Path, encoder: str = "embedded") -> App:
    return open_app(Settings(home=folder / "home", encoder=encoder))


def score(bench: App, bundle: Path, pictures: Path, trust: str | None = None) -> ScoreResult:
    out = pictures.with_name("scores.csv")
    return begin_scoring(bench, bundle, [pictures], out, trust_encoder=trust).wait()


def test_scoring_loads_an_encoder_that_only_the_bundle_names_where_a_person_names_it_too(
    theirs: Path, pictures: Path, tmp_path: Path, tiny_open_clip: Path, loaded: list[str]
) -> None:
    bench = bench_of(tmp_path)
    with pytest.raises(EncoderError, match="nobody has chosen") as caught:
        score(bench, theirs, pictures)
    assert caught.value.name == f"local-dir:{tiny_open_clip}"
    assert loaded == []
    assert not (tmp_path / "scores.csv").exists()
    other = f"local-dir:{make_tiny_open_clip(tmp_path / 'other-model', seed=1)}"
    with pytest.raises(FingerprintMismatchError):
        score(bench, theirs, pictures, other)
    assert score(bench, theirs, pictures, f"local-dir:{tiny_open_clip}").rows == 3


def test_one_that_the_owner_has_set_needs_no_more_words_and_is_not_loaded_for_other_weights(
    theirs: Path, pictures: Path, tmp_path: Path, tiny_open_clip: Path, loaded: list[str]
) -> None:
    bench = bench_of(tmp_path, f"local-dir:{tiny_open_clip}")
    assert score(bench, theirs, pictures).rows == 3
    import_pictures(bench, [pictures]).wait()
    loaded.clear()
    kept = load_bundle(theirs)
    parts = Fingerprint(kept.facts.encoder.architecture, "0" * 64, kept.facts.encoder.preprocessing)
    about = kept.facts.encoder.model_copy(update=vars(parts) | {"fingerprint": str(parts)})
    facts = kept.facts.model_copy(update={"encoder": about})  # the same, but for its weights
    with pytest.raises(FingerprintMismatchError):
        score(bench, write_one(tmp_path / "other", kept.head, facts, None), pictures)
    assert loaded == []


def test_the_copied_code_runs_and_asks_for_the_same_word(
    theirs: Path, pictures: Path, tmp_path: Path, tiny_open_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pictures.parent)
    code = from_pictures(str(theirs.with_suffix(".zip")), f"local-dir:{tiny_open_clip}")
    with redirect_stdout(io.StringIO()) as out:
        exec(compile(code, "copied", "exec"), {"__name__": "copied"})
    assert [line.rpartition(" ")[2] in ("yes", "no") for line in out.getvalue().splitlines()] == [True] * 3
    with pytest.raises(EncoderError, match="nobody has chosen"):
        encoder_of(load_bundle(theirs), cache=tmp_path / "cache")


@pytest.mark.parametrize(
    "ask",
    [
        lambda bench, name, folder: bench.begin(reembed, name, confined=True).id,
        lambda bench, name, folder: import_pictures(bench, [folder], encoder=name, confined=True).id,
    ],
)
def test_from_the_app_a_models_folder_must_be_where_pictures_may_be(
    ask: Callable[[App, str, Path], int], tmp_path: Path, pictures: Path, tiny_open_clip: Path
) -> None:
    bench = open_app(Settings(home=tmp_path / "home", allowed_roots=str(pictures)))
    with pytest.raises(NotAllowedError, match="DISCERN_ALLOWED_ROOTS"):
        ask(bench, f"local-dir:{tiny_open_clip}", pictures)
