from __future__ import annotations

import io
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from drawing import claims, encoded
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from storage.errors import BadPictureError, Reason
from storage.pictures.decoding import decode, exif_of
from storage.pictures.exif import camera_facts, moment_of, taken_of
from storage.pictures.hashing import picture_id
from storage.pictures.resizing import model_jpeg, thumbnail

# 64 × 48, left half red (200, 30, 30), right half blue (20, 60, 220); written by pillow-heif, since the
# reader that is installed here can't write.
HEIC = (Path(__file__).parents[1] / "fixtures" / "halves.heic").read_bytes()


def draw(seed: int, width: int = 96, height: int = 64) -> Image.Image:
    """Smooth random blobs: as much detail as a photo has."""
    coarse = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


def bad(data: bytes, **how: int) -> str:
    with pytest.raises(BadPictureError) as caught:
        decode(data, **how)
    assert caught.value.reason in get_args(Reason)
    return caught.value.reason


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"])
def test_each_format_decodes_to_rgb_with_its_own_size(kind):
    original = draw(1)
    decoded = decode(encoded(original, kind))
    assert (decoded.format, decoded.width, decoded.height) == (kind, 96, 64)
    assert decoded.image.mode == "RGB"
    difference = np.abs(np.asarray(decoded.image, dtype=int) - np.asarray(original, dtype=int))
    assert difference.mean() < (20 if kind == "GIF" else 6)


def test_heic_decodes():
    decoded = decode(HEIC)
    assert (decoded.format, decoded.width, decoded.height) == ("HEIC", 64, 48)
    left, right = decoded.image.getpixel((10, 24)), decoded.image.getpixel((54, 24))
    assert left[0] > 170 > 80 > left[2]
    assert right[2] > 170 > 80 > right[0]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_pictures_are_turned_upright(kind, orientation):
    """The upright picture is red at the top left, green at the top right, blue at the bottom left."""
    upright = Image.new("RGB", (60, 40), "white")
    for colour, corner in (("red", (0, 0)), ("lime", (30, 0)), ("blue", (0, 20))):
        upright.paste(colour, (*corner, corner[0] + 30, corner[1] + 20))
    turn = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the inverse turn, as Image.Transpose
    stored = upright.transpose(Image.Transpose(turn[orientation])) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    decoded = decode(encoded(stored, kind, exif=exif))
    assert (decoded.width, decoded.height) == (60, 40)
    assert decoded.image.size == (60, 40)
    for corner, strongest in (((10, 10), 0), ((50, 10), 1), ((10, 30), 2)):
        assert int(np.argmax(decoded.image.getpixel(corner))) == strongest
    assert min(decoded.image.getpixel((50, 30))) > 200


def half_transparent(mode: str) -> tuple[Image.Image, dict[str, object]]:
    """Left half opaque black, right half fully transparent black."""
    if mode == "P":
        image = Image.new("P", (20, 10), 0)
        image.putpalette([0, 0, 0, 0, 0, 0])
        image.paste(1, (10, 0, 20, 10))
        return image, {"transparency": 1}
    if mode in ("L", "RGB"):  # one colour is declared transparent
        image = Image.new(mode, (20, 10), 0)
        image.paste(9 if mode == "L" else (9, 9, 9), (10, 0, 20, 10))
        return image, {"transparency": 9 if mode == "L" else (9, 9, 9)}
    if mode == "P with alpha":
        return half_transparent("RGBA")[0].quantize(4), {}
    clear = (0, 0) if mode == "LA" else (0, 0, 0, 0)
    image = Image.new(mode, (20, 10), (*clear[:-1], 255))
    image.paste(clear, (10, 0, 20, 10))
    return image, {}


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "P with alpha", "L", "RGB"])
def test_transparency_becomes_white(mode):
    image, options = half_transparent(mode)
    decoded = decode(encoded(image, "PNG", **options))
    assert decoded.image.getpixel((2, 5)) == (0, 0, 0)
    assert decoded.image.getpixel((17, 5)) == (255, 255, 255)
    half = decode(encoded(Image.new("RGBA", (4, 4), (0, 0, 0, 128)), "PNG"))
    assert half.image.getpixel((1, 1)) == (127, 127, 127)


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "WEBP", "PNG", "AVIF"])
def test_the_first_of_several_frames_is_taken(kind):
    frames = [Image.new("RGB", (30, 20), colour) for colour in ("red", "lime", "blue")]
    decoded = decode(encoded(frames[0], kind, save_all=True, append_images=frames[1:]))
    red, green, blue = decoded.image.getpixel((15, 10))
    assert red > 240
    assert max(green, blue) < 15


def test_a_phone_picture_with_a_second_picture_inside_is_a_jpeg():
    decoded = decode(encoded(draw(1), "MPO", save_all=True, append_images=[draw(2)]))
    assert decoded.format == "JPEG"


def test_float_grey_is_stretched_and_survives_nan():
    values = np.array([[0.0, 0.5, 1.0, np.nan]], dtype=np.float32)
    decoded = decode(encoded(Image.fromarray(values), "TIFF"))
    assert [decoded.image.getpixel((x, 0))[0] for x in range(4)] == [0, 127, 255, 0]


def test_cmyk_keeps_its_colours():
    decoded = decode(encoded(Image.new("RGB", (16, 16), (200, 40, 40)).convert("CMYK"), "JPEG", quality=95))
    assert np.abs(np.array(decoded.image.getpixel((8, 8))) - (200, 40, 40)).max() < 8


def test_an_embedded_colour_profile_is_applied():
    """A profile whose red and blue primaries are exchanged."""
    swapped = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    swapped = swapped.replace(b"sRGB", b"test").replace(b"s\0R\0G\0B", b"t\0e\0s\0t")
    swapped = swapped.replace(b"rXYZ", b"tmpX", 1).replace(b"bXYZ", b"rXYZ", 1).replace(b"tmpX", b"bXYZ", 1)
    decoded = decode(encoded(Image.new("RGB", (8, 8), (255, 0, 0)), "PNG", icc_profile=bytes(swapped)))
    assert decoded.image.getpixel((4, 4))[2] > 240  # what is called red looks blue


def test_a_jpeg_shrinks_while_decoding_but_never_below_the_short_side():
    data = encoded(draw(3, 1600, 1200), "JPEG")
    decoded = decode(data, short_side=224)
    assert (decoded.width, decoded.height) == (1600, 1200)
    assert decoded.image.size == (400, 300)
    assert decode(data, short_side=700).image.size == (1600, 1200)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        *(
            (data, "not-a-picture")
            for data in (b"a text named .jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"<svg/>")
        ),
    ],
)
def test_what_is_no_picture_is_refused(data, reason):
    assert bad(data) == reason


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "HEIC"])
def test_a_cut_off_file_is_refused(kind, share):
    noise = np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    data = HEIC if kind == "HEIC" else encoded(Image.fromarray(noise), kind)
    assert bad(data[: int(len(data) * share)]) in {"truncated", "damaged"}
    if kind == "JPEG":
        assert bad(data[: int(len(data) * share)], short_side=30) == "truncated"


def test_a_pixel_bomb_is_refused_by_its_header():
    with pytest.raises(BadPictureError, match="50,000 × 50,000") as caught:
        decode(claims(50_000))
    assert caught.value.reason == "too-large"


def test_a_100_megapixel_photo_is_read_without_a_warning():
    data = encoded(Image.new("L", (11_600, 8_700), 90), "JPEG")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        decoded = decode(data, short_side=256)
    assert (decoded.width, decoded.height) == (11_600, 8_700)


def test_a_broken_colour_profile_or_exif_changes_nothing():
    decoded = decode(encoded(Image.new("RGB", (8, 8), (255, 0, 0)), "PNG", icc_profile=b"nonsense"))
    assert decoded.image.getpixel((4, 4)) == (255, 0, 0)
    decoded = decode(encoded(draw(1), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01"))
    assert (decoded.width, decoded.height) == (96, 64)


def test_the_id_is_the_sha256():
    assert picture_id(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_thumbnail_is_a_webp_of_320_pixels_at_most_without_metadata():
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    source = decode(encoded(draw(1, 1000, 500), "JPEG", exif=exif, icc_profile=profile, comment=b"secret"))
    data = thumbnail(source.image)
    small = Image.open(io.BytesIO(data))
    assert (small.format, small.size) == ("WEBP", (320, 160))
    assert b"secret" not in data
    assert not {"exif", "icc_profile", "xmp"} & set(small.info)


def test_small_pictures_are_never_enlarged_and_a_very_long_one_keeps_at_least_one_pixel():
    assert Image.open(io.BytesIO(thumbnail(draw(1, 50, 40)))).size == (50, 40)
    assert Image.open(io.BytesIO(model_jpeg(draw(1, 50, 40)))).size == (50, 40)
    assert Image.open(io.BytesIO(thumbnail(Image.new("RGB", (5000, 2))))).size == (320, 1)


def test_the_picture_for_a_model_is_a_jpeg_without_metadata():
    image = draw(1, 2000, 1000)
    image.info = {"comment": b"secret", "icc_profile": b"secret"}
    data = model_jpeg(image)
    sent = Image.open(io.BytesIO(data))
    assert (sent.format, sent.size) == ("JPEG", (768, 384))
    assert b"secret" not in data
    assert image.info  # the caller's picture is left as it was


# What cameras write is read whatever it is, and what is none of it says nothing


@given(st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31)))
def test_a_moment_is_read_as_it_was_written(moment: datetime) -> None:
    day = f"{moment.year:04}:{moment.month:02}:{moment.day:02}"
    written = f"{day} {moment:%H:%M:%S}"
    assert moment_of(written) == moment.replace(microsecond=0, tzinfo=UTC)


@given(st.text() | st.binary() | st.none() | st.integers() | st.tuples(st.integers()))
def test_whatever_else_is_there_is_a_moment_or_none(value: object) -> None:
    found = moment_of(value)
    assert found is None or found.tzinfo is UTC


@pytest.mark.parametrize("unset", ["0000:00:00 00:00:00", "2021:13:01 00:00:00", "    :  :     :  :  ", ""])
def test_a_clock_that_was_never_set_says_nothing(unset: str) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[36867] = unset
    assert taken_of(exif) is None


@given(st.binary(max_size=200))
def test_hostile_bytes_have_no_facts(data: bytes) -> None:
    facts = camera_facts(exif_of(b"\xff\xd8\xff\xe1" + data))
    assert facts.position is None or -90 <= facts.position[0] <= 90


@given(
    st.dictionaries(st.sampled_from([271, 272, 305, 315]), st.text(max_size=300) | st.binary(max_size=9)),
    st.dictionaries(st.sampled_from([33434, 33437, 34855, 37386]), st.integers() | st.text() | st.floats()),
    st.dictionaries(st.sampled_from([1, 2, 3, 4]), st.text() | st.tuples(*[st.floats()] * 3) | st.integers()),
)
def test_odd_values_are_left_out(
    base: dict[int, object], inner: dict[int, object], gps: dict[int, object]
) -> None:
    exif = Image.Exif()
    exif.update(base)
    exif.get_ifd(0x8769).update(inner)
    exif.get_ifd(0x8825).update(gps)
    for value in camera_facts(exif).facts.values():
        assert value.isprintable()
        assert 0 < len(value) <= 250
