"""Fetches what `classify.html` runs on: ONNX Runtime's build for browsers, from npm, with its licences.

    python -m tools.vendor_runtime

The npm package has no licences in it; those of the same version's wheel hold for it too, both are built from
one repository. The files are kept packed, as the page holds them. `tests/packaging/test_vendored.py` compares
them with their checksums.
"""

from __future__ import annotations

import gzip
import hashlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

VERSION = "1.24.3"  # of those that take a WebAssembly given to them the smallest: 12.4 MB, 14.2 in 1.30.0
FOLDER = Path(__file__).parents[1] / "concepts" / "bundle" / "page" / "vendored"
TAKEN = ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm")


def fetched() -> dict[str, bytes]:
    """By name, from npm and PyPI as this computer reaches them."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", "--silent", f"onnxruntime-web@{VERSION}"], cwd=folder, check=True)
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder]
        subprocess.run([*pip, f"onnxruntime=={VERSION}"], check=True)
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            members = {name: archive.extractfile(f"package/dist/{name}") for name in TAKEN}
            files = {name: member.read() for name, member in members.items() if member}
        with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
            parts = [wheel.read(f"onnxruntime/{name}") for name in ("LICENSE", "ThirdPartyNotices.txt")]
    about = f"classify.html holds ONNX Runtime Web {VERSION}, under the licences below.\n\n".encode()
    return files | {"RUNTIME_LICENCE.txt": about + b"\n\n".join(parts)}


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    sums = []
    for name, content in sorted(fetched().items()):
        packed = gzip.compress(content, 9, mtime=0)
        (FOLDER / f"{name}.gz").write_bytes(packed)
        sums.append(f"{hashlib.sha256(packed).hexdigest()}  {name}.gz\n")
    (FOLDER / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")


if __name__ == "__main__":
    main()
