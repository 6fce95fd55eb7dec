"""`classify.html` opened from the file system, without a network, says what `classify.py` says."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import bundles
import numpy as np
import pytest
from accessible import serious_in_both_themes
from drawing import draw
from PIL import Image
from playwright.sync_api import Page, expect

from concepts.bundle.classify import Answer, Classifier
from concepts.bundle.heads import BundleHead, EncoderGraph, encoder_graph
from concepts.bundle.page import PAGE_FILE
from concepts.bundle.write import BundlePart, write_bundle
from concepts.encoders import load_encoder
from concepts.encoders.base import Encoder
from concepts.learning.base import FAMILIAR_FROM, Prototypes
from concepts.library.ingestion import short_side
from concepts.results.export import encoder_facts

NAMES = ("messy room", "<b>people</b> & pets")


def photo(number: int, size: tuple[int, int]) -> Image.Image:
    """Shapes with the grain of a camera's picture, and as few colours at the ends of what there is."""
    base = draw(("ellipse", "rectangle", "line")[number % 3], number).resize(size, Image.Resampling.BICUBIC)
    grain = np.random.default_rng(number).normal(0, 4, (size[1], size[0], 1))
    return Image.fromarray((40 + 0.7 * np.asarray(base) + grain).clip(0, 255).astype(np.uint8))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Twenty that differ in size, format, colours and how they lie."""
    folder = tmp_path_factory.mktemp("pictures")
    for number, side in enumerate((90, 256, 400, 650, 700, 1301, 2700, 5300)):
        photo(number, (side, side * 3 // 4)).save(folder / f"photo-{side}.jpg", quality=90)
    for turn in (3, 6, 8):
        exif = Image.Exif()
        exif[0x0112] = turn
        photo(turn, (1400, 1050)).save(folder / f"turned-{turn}.jpg", exif=exif)
    one = photo(9, (500, 300))
    one.save(folder / "fine.jpg", subsampling=0, quality=97)
    one.save(folder / "progressive.jpg", progressive=True)
    rgba = one.convert("RGBA")
    rgba.putalpha(Image.linear_gradient("L").resize(one.size))
    rgba.save(folder / "see-through.png")
    one.save(folder / "one.webp", lossless=True)
    one.convert("P").save(folder / "palette.gif")
    one.convert("L").save(folder / "grey.jpg")
    one.convert("L").save(folder / "grey.png")
    photo(1, (2000, 1500)).save(folder / "large.bmp")
    one.save(folder / "one.avif")
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def encoder(encoder_cache: Path) -> Encoder:
    return load_encoder("embedded", cache=encoder_cache)


@pytest.fixture(scope="module")
def graph(encoder: Encoder, encoder_cache: Path) -> EncoderGraph:
    found = encoder_graph(encoder, short_side(encoder), encoder_cache)
    assert isinstance(found, EncoderGraph)
    return found


def part(name: str, seed: int, dimension: int) -> BundlePart:
    rng = np.random.default_rng(seed)
    line = bundles.make_head(5 * rng.normal(size=dimension), bias=0.0, threshold=0.5)
    sides = (rng.normal(size=(n, dimension)).astype(np.float32) for n in (2, 3))
    line = replace(line, prototypes=Prototypes(*sides))
    return BundlePart(BundleHead(line), bundles.make_facts(line, concept=name).concepts[0])


@pytest.fixture(scope="module")
def bundle(encoder: Encoder, graph: EncoderGraph, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two concepts, neither with a certified line."""
    parts = [part(name, seed, encoder.dimension) for seed, name in enumerate(NAMES, 3)]
    folder = tmp_path_factory.mktemp("exported") / "two"
    return write_bundle(folder, parts, encoder_facts(encoder), graph, page=True)


@pytest.fixture
def opened(page: Page, bundle: Path) -> Iterator[Page]:
    """The page, ready. It asked for nothing but itself."""
    asked: list[str] = []
    page.context.set_offline(True)
    page.on("request", lambda request: asked.append(request.url))
    address = (bundle / PAGE_FILE).as_uri()
    page.goto(address)
    expect(page.get_by_role("status")).to_have_text("Ready.")
    yield page
    assert asked == [address]


def give(page: Page, files: list[Path]) -> None:
    page.locator("#files").set_input_files(files)
    expect(page.locator("#answers tr")).to_have_count(len(files))


def gaps(page: Page, answers: list[Answer]) -> list[float]:
    """Of every picture and column, to what `classify.py` says; the decisions are the same."""
    found = []
    for row, answer in zip(page.locator("#answers tr").all(), answers, strict=True):
        assert row.locator("th").text_content() == Path(answer.path).name
        for cell, said in zip(row.locator("[data-probability]").all(), answer.said, strict=True):
            found.append(abs(float(cell.get_attribute("data-probability") or "nan") - said.probability))
            if abs(said.probability - 0.5) > found[-1]:
                assert cell.get_attribute("data-decision") == said.decision
    return found


def test_it_says_what_classify_says_with_a_word_and_how_sure_for_every_concept(
    opened: Page, pictures: list[Path], bundle: Path
) -> None:
    give(opened, pictures)
    found = gaps(opened, list(Classifier(bundle / "classifier.onnx").answers(pictures)))
    assert len(found) == 2 * len(pictures) == 40
    assert max(found) < 1e-3
    heads = opened.get_by_role("columnheader").all_text_contents()
    assert heads == ["Picture", *NAMES]
    for cell in opened.locator("[data-probability]").all():
        probability = float(cell.get_attribute("data-probability") or "nan")
        word = "yes" if probability >= 2 / 3 else "no" if probability <= 1 / 3 else "look yourself"
        expect(cell.locator("b")).to_have_text(word)
        rather = f", rather {cell.get_attribute('data-decision')}" if word == "look yourself" else ""
        assert (cell.locator("span").text_content() or "").endswith(f" %{rather}")
    expect(opened.get_by_role("listitem").first).to_contain_text(
        "messy room: yes from 66.7 % on, no up to 33.3 %, in between look yourself. Its threshold is 50 %"
    )


def test_the_browser_forbids_it_to_ask_for_anything(opened: Page) -> None:
    """Whatever its script did: here somebody else's tries."""
    asks = "fetch('http://127.0.0.1:9/').then(() => 'sent', () => 'refused')"
    assert opened.evaluate(asks) == "refused"
    policy = opened.locator("meta[http-equiv]").get_attribute("content") or ""
    assert policy.startswith("default-src 'none'; script-src 'sha256-")


@pytest.mark.slow
def test_of_a_picture_unlike_all_labels_it_says_so_instead_of_how_sure(
    page: Page, encoder: Encoder, graph: EncoderGraph, pictures: list[Path], tmp_path: Path
) -> None:
    line = part(NAMES[0], 3, encoder.dimension).head.line
    line = replace(line, details=line.details | {FAMILIAR_FROM: 0.9})  # its prototypes are like no picture
    parts = [BundlePart(BundleHead(line), bundles.make_facts(line, concept=NAMES[0]).concepts[0])]
    folder = write_bundle(tmp_path / "one", parts, encoder_facts(encoder), graph, page=True)
    page.goto((folder / PAGE_FILE).as_uri())
    give(page, pictures[:2])
    for cell in page.locator("[data-probability]").all():
        expect(cell).to_have_text("look yourselfunlike what it learned from")


@pytest.mark.slow
def test_where_a_browser_cant_decode_a_large_jpeg_small_it_is_near(
    opened: Page, pictures: list[Path], bundle: Path
) -> None:
    """Simulated: Chromium without what it decodes with."""
    opened.evaluate("delete window.ImageDecoder")
    large = [picture for picture in pictures if picture.name in ("photo-1301.jpg", "turned-6.jpg")]
    give(opened, large)
    assert 0 < max(gaps(opened, list(Classifier(bundle / "classifier.onnx").answers(large)))) < 0.1


def test_a_file_that_is_no_picture_is_said_so_and_the_others_go_on(
    opened: Page, pictures: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "words.png").write_text("no picture")
    give(opened, [tmp_path / "words.png", *pictures[:6]])
    bad, good, *_ = opened.locator("#answers tr").all()
    expect(bad).to_contain_text("This browser can’t read it as a picture.")
    expect(good.locator("[data-probability]")).to_have_count(2)
    expect(opened.get_by_role("status")).to_contain_text("7 pictures:")
    expect(opened.get_by_role("status")).to_contain_text("1 can’t be read.")
    assert serious_in_both_themes(opened) == []


def test_it_is_used_by_keyboard_and_pictures_are_dropped_anywhere_on_it(
    opened: Page, pictures: list[Path]
) -> None:
    opened.keyboard.press("Tab")
    expect(opened.locator("#files")).to_be_focused()
    give(opened, pictures[:2])
    opened.keyboard.press("Tab")
    expect(opened.get_by_role("region", name="Answers")).to_be_focused()
    content = base64.b64encode(pictures[0].read_bytes()).decode()
    given = opened.evaluate_handle(
        """content => { const given = new DataTransfer();
        const bytes = Uint8Array.from(atob(content), c => c.charCodeAt(0));
        given.items.add(new File([bytes], "dropped.jpg")); return given; }""",
        content,
    )
    opened.locator("h1").dispatch_event("drop", {"dataTransfer": given})
    expect(opened.get_by_role("rowheader").last).to_have_text("dropped.jpg")
