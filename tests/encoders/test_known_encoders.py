"""The table of encoders says what the libraries say, and each kind does the whole job."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import open_clip
import pytest
import timm
import torch
import transformers
from drawing import draw, draw_folder
from tiny_timm import make_tiny_timm
from tiny_transformers import SIDE, make_tiny_tipsv2

from concepts.encoders import load_encoder, load_named_elsewhere
from concepts.encoders.base import registered_as
from concepts.encoders.known import KNOWN, KnownEncoder
from concepts.errors import DiscernError, EncoderError, UntrustedEncoderError
from concepts.library.roots import check_encoder
from concepts.settings import Settings
from discern import Library

ROOT = Path(__file__).parents[2]
of_open_clip = [one for one in KNOWN if registered_as(one.name) == "open_clip"]
of_timm = [one for one in KNOWN if registered_as(one.name) == "timm"]
of_transformers = [one for one in KNOWN if registered_as(one.name) == "transformers"]
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
    assert {one.name for one in KNOWN} == {
        one.name for one in [KNOWN[0], *of_open_clip, *of_timm, *of_transformers]
    }


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


def test_transformers_has_tipsv2_with_these_numbers() -> None:
    (one,) = of_transformers
    with torch.device("meta"):
        vision = transformers.Tipsv2Model(transformers.Tipsv2Config()).vision_model
    assert round(sum(each.numel() for each in vision.parameters()) / 1e6) == one.millions
    assert vision.config.hidden_size == one.dimension
    assert one.words


def test_a_model_of_transformers_does_the_whole_job(tmp_path: Path) -> None:
    name = f"transformers:local-dir:{make_tiny_tipsv2(tmp_path / 'model')}"
    pictures = draw_folder(tmp_path / "pictures", 45)
    with Library(tmp_path / "home") as library:
        assert library.add(pictures, encoder=name).added == 45
        assert "A model of transformers" in library.bench.library.info().encoder_note
        assert library.search("a ball")
        concept = library.concept("Round thing", "A filled ellipse.")
        concept.mine(30)
        for picture in [one for _ in range(4) for one in concept.next(5)]:
            concept.answer(picture, "yes" if "ellipse" in picture.path else "no")
        concept.train()
        concept.export(tmp_path / "bundle")


def as_clip(settings: dict[str, object]) -> dict[str, object]:
    cut = {
        "do_center_crop": True,
        "size": {"shortest_edge": SIDE},
        "crop_size": {"height": SIDE, "width": SIDE},
    }
    colours = {"do_normalize": True, "image_mean": [0.48, 0.46, 0.41], "image_std": [0.27, 0.26, 0.28]}
    return settings | cut | colours | {"resample": 3}


@pytest.mark.parametrize("way", [dict, as_clip])
def test_a_model_of_transformers_prepares_pictures_as_it_says(
    tmp_path: Path, way: Callable[[dict[str, object]], dict[str, object]]
) -> None:
    """Within what two ways to shrink a picture differ in."""
    folder, picture = make_tiny_tipsv2(tmp_path / "model"), draw("ellipse", 1).crop((0, 0, 96, 60))
    settings = folder / "preprocessor_config.json"
    settings.write_text(json.dumps(way(json.loads(settings.read_text()))))
    said = transformers.AutoImageProcessor.from_pretrained(folder)(picture, return_tensors="np")
    encoder = load_encoder(f"transformers:local-dir:{folder}", cache=tmp_path, precision="float32")
    np.testing.assert_allclose(encoder.prepare(picture), said["pixel_values"][0], atol=0.05)


def test_what_transformers_has_without_two_halves_is_refused_and_so_is_an_unusual_way_with_pictures(
    tmp_path: Path,
) -> None:
    folder = make_tiny_tipsv2(tmp_path / "model")
    settings = folder / "preprocessor_config.json"
    settings.write_text(settings.read_text().replace('"do_rescale": true', '"do_rescale": false'))
    with pytest.raises(EncoderError, match="unusual way"):
        load_encoder(f"transformers:local-dir:{folder}", cache=tmp_path, precision="auto")
    of_words = transformers.Tipsv2TextConfig(
        vocab_size=8, hidden_size=8, num_attention_heads=2, num_hidden_layers=1, intermediate_size=8
    )
    transformers.Tipsv2TextModel(of_words).save_pretrained(tmp_path / "words")
    for wanted, said in (("words", "no half for pictures"), ("nothing", "can't be loaded")):
        with pytest.raises(EncoderError, match=said):
            load_encoder(f"transformers:local-dir:{tmp_path / wanted}", cache=tmp_path, precision="auto")


def test_one_that_a_stranger_names_is_not_loaded_and_folders_stay_inside_the_roots(tmp_path: Path) -> None:
    with pytest.raises(UntrustedEncoderError):
        load_named_elsewhere("timm:hf-hub:a/b", "x", cache=tmp_path, precision="auto", trust=None)
    exposed = Settings(home=tmp_path / "home", host="0.0.0.0", allowed_roots=str(tmp_path / "inside"))
    for scheme in ("", "timm:", "transformers:"):
        with pytest.raises(DiscernError):
            check_encoder(f"{scheme}local-dir:{tmp_path / 'outside'}", exposed)


def test_a_name_that_timm_does_not_have_is_refused_with_names_like_it() -> None:
    with pytest.raises(EncoderError, match="vit_base_patch16_dinov3"):
        load_encoder("timm:vit_base_patch16_dinov3.nothing", cache=Path(), precision="auto")
