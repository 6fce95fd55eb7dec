"""Code that uses a bundle, as a person copies it: on the model card and on the Use screen. Tests run it."""

from __future__ import annotations

import json
from urllib.parse import quote


def from_pictures(bundle: str, pictures: str = "pictures") -> str:
    """Python with Discern installed: pictures in, probabilities out. `bundle` is a folder or a zip."""
    return f"""from pathlib import Path

from discern import embed_files, load_bundle, load_encoder

path = Path({json.dumps(bundle, ensure_ascii=False)})
wanted = load_bundle(path).facts.encoder
encoder = load_encoder(wanted.name, cache=Path("cache"), precision=wanted.precision)
head = load_bundle(path, expect_fingerprint=str(encoder.fingerprint)).head

folder = Path({json.dumps(pictures, ensure_ascii=False)})
for ids, paths, vectors, skipped in embed_files([folder], encoder):
    for name, probability in zip(paths, head.probabilities(vectors)):
        print(name, round(probability, 3), "yes" if probability >= head.threshold else "no")"""


def with_numpy(fingerprint: str, dimension: int) -> str:
    """Python in the bundle's folder, with NumPy and safetensors alone: vectors in, probabilities out."""
    return f"""import numpy as np
import scorer

head = scorer.load(".")
head.check_fingerprint("{fingerprint}")  # of the encoder you use
embeddings = np.load("embeddings.npy")  # (n, {dimension})
print(head.probability(embeddings), head.decide(embeddings))"""


def with_onnx() -> str:
    """The same with ONNX Runtime, in the bundle's folder."""
    return """import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession("head.onnx")
threshold = float(session.get_modelmeta().custom_metadata_map["threshold"])
embeddings = np.load("embeddings.npy").astype(np.float32)
(probability,) = session.run(["probability"], {"embedding": embeddings})
print(probability, probability >= threshold)"""


def over_rest(concept: str, version: int) -> str:
    """curl: the bundle, and scores of a folder of the computer that Discern runs on."""
    address = f"$API/concepts/{quote(concept, safe='')}/versions/{version}"
    body = json.dumps({"path": "/home/ana/New pictures", "format": "csv"})
    return f"""API=http://127.0.0.1:7860/api/v1
curl -o bundle.zip "{address}/bundle"
curl -H "Content-Type: application/json" -d '{body}' "{address}/scores"
# The answer has the id of a job. When GET $API/jobs/ID says done:
curl -o scores.csv "$API/jobs/ID/scores\""""


def in_a_shell(bundle: str, pictures: str = "PICTURES", out: str = "scores.csv") -> str:
    """The command line of Discern, straight from pictures."""
    return f"discern score {bundle} {pictures} --out {out}"
