"""The table of encoders says what the libraries say, and each kind does the whole job."""

from __future__ import annotations

from pathlib import Path

import open_clip
import pytest
import timm
import torch
from drawing import draw_folder
from tiny_timm import make_tiny_timm

from concepts.encoders import load_encoder, load_named_elsewhere
from concepts.encoders.base import registered_as
from concepts.encoders.known import KNOWN, KnownEncoder
from concepts.errors import DiscernError, EncoderError
from concepts.library.roots import check_encoder
from concepts.settings import Settings
from discern import Library

ROOT = Path(__file__).parents[2]
of_open_clip = [one for one in KNOWN if registered_as(one.name) == "open_clip"]
of_timm = [one for one in KNOWN if registered_as(one.name) == "timm"]
by_name = {"ids": lambda one: one.name}


def as_table() -> str:
    """As docs/encoders.md has it."""
    lines = ["| name | parameters | numbers | licence | good at | text search | run here |", "|---" * 7 + "|"]
    for one in KNOWN:
        size, answers = f"{one.millions} M | {one.dimension:,}", (one.words, one.was_run)
        said = " | ".join("yes" if answer else "no" for answer in answers)
        lines.append(f"| `{one.name}` | {size} | {one.licence} | {one.good_at} | {said} |")
    return "\n".join(lines)


def test_the_documents_show_the_table() -> None:
    assert as_table() in (ROOT / "docs/encoders.md").read_text(encoding="utf-8")
    assert "unknown" not in {one.licence for one in KNOWN}
    assert {one.name for one in KNOWN} == {one.name for one in [KNOWN[0], *of_open_clip, *of_timm]}


@pytest.mark.parametrize("one", of_open_clip, **by_name)
def test_open_clip_has_it_with_these_numbers(one: KnownEncoder) -> None:
    architecture, tag = one.name.split("/")
    assert tag in open_clip.list_pretrained_tags_by_model(architecture)
    assert open_clip.get_model_config(architecture)["embed_dim"] == one.dimension
    assert one.words


@pytest.mark.parametrize("one", of_timm, **by_name)
def test_timm_has_it_with_these_numbers(one: KnownEncoder) -> None:
    name = one.name.removeprefix("timm:")
    with torch.device("meta"):
        model = timm.create_model(name, pretrained=False, num_classes=0)
    assert model.num_features == one.dimension
    assert round(sum(each.numel() for each in model.parameters()) / 1e6) == one.millions
    said = timm.get_pretrained_cfg(name).license
    assert one.licence == {"apache-2.0": "Apache-2.0"}.get(said, said)
    assert not one.words


def test_a_timm_model_does_the_whole_job_without_words(tmp_path: Path) -> None:
    name = f"timm:local-dir:{make_tiny_timm(tmp_path / 'model')}"
    pictures = draw_folder(tmp_path / "pictures", 45)
    with Library(tmp_path / "home") as library:
        assert library.add(pictures, encoder=name).added == 45
        assert "picture-only" in library.bench.library.info().encoder_note
        with pytest.raises(DiscernError, match="picture-only"):
            library.search("a ball")
        concept = library.concept("Round thing", "A filled ellipse.")
        concept.mine(30)
        for picture in [one for _ in range(4) for one in concept.next(5)]:
            concept.answer(picture, "yes" if "ellipse" in picture.path else "no")
        concept.train()
        concept.export(tmp_path / "bundle")
        assert library.add(draw_folder(tmp_path / "more", 3, 500)).added == 3


def test_one_that_a_stranger_names_is_not_loaded_and_folders_stay_inside_the_roots(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="nobody has chosen"):
        load_named_elsewhere("timm:hf-hub:a/b", "x", cache=tmp_path, trust=None)
    exposed = Settings(home=tmp_path / "home", host="0.0.0.0", allowed_roots=str(tmp_path / "inside"))
    for scheme in ("", "timm:"):
        with pytest.raises(DiscernError):
            check_encoder(f"{scheme}local-dir:{tmp_path / 'outside'}", exposed)


def test_a_name_that_timm_does_not_have_is_refused_with_names_like_it() -> None:
    with pytest.raises(EncoderError, match="vit_base_patch16_dinov3"):
        load_encoder("timm:vit_base_patch16_dinov3.nothing", cache=Path())
