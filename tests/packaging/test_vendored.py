"""What `classify.html` runs on is what `tools/vendor_runtime.py` fetched, with its licences."""

from __future__ import annotations

import gzip

from concepts.bundle.checksums import checksums_text, parse_checksums
from concepts.bundle.page import VENDORED
from tools.vendor_runtime import TAKEN, VERSION


def test_the_files_are_those_that_were_fetched() -> None:
    found = {file.name: file.read_bytes() for file in VENDORED.glob("*.gz")}
    expected = parse_checksums((VENDORED / "SHA256SUMS").read_text())
    assert parse_checksums(checksums_text(found)) == expected
    assert found.keys() == {f"{name}.gz" for name in (*TAKEN, "RUNTIME_LICENCE.txt")}


def test_they_are_of_the_version_that_is_named_and_come_with_their_licences() -> None:
    code = gzip.decompress((VENDORED / f"{TAKEN[0]}.gz").read_bytes()).decode()
    assert f"ONNX Runtime Web v{VERSION}" in code
    licence = gzip.decompress((VENDORED / "RUNTIME_LICENCE.txt.gz").read_bytes()).decode()
    assert "MIT License" in licence
    assert "Eigen" in licence  # of what is built into it


def test_no_code_of_it_could_end_the_script_of_the_page() -> None:
    for name in ("reading.js", "page.js", "classify.css"):
        assert "</" not in (VENDORED.parent / name).read_text()
    code = gzip.decompress((VENDORED / f"{TAKEN[0]}.gz").read_bytes()).decode().lower()
    assert "</script" not in code
    assert "<!--" not in code
