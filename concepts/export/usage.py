"""Code that uses a bundle, as a person copies it: on the model card and on the Use screen. Tests run it."""

from __future__ import annotations

import json
from urllib.parse import quote

from concepts.encoders.registry import OPEN_CLIP, registered_as


def from_pictures(bundle: str, encoder: str, pictures: str = "pictures") -> str:
    """Python with Discern installed: pictures in, probabilities out. `bundle` is a folder or a zip."""
    trust = "" if registered_as(encoder) != OPEN_CLIP else f", trust={_quoted(encoder)}"
    return f"""from pathlib import Path

from discern import embed_files, encoder_of, load_bundle

bundle = load_bundle(Path({_quoted(bundle)}))
encoder = encoder_of(bundle, cache=Path("cache"){trust})

folder = Path({_quoted(pictures)})
for ids, paths, vectors, skipped in embed_files([folder], encoder):
    for name, probability in zip(paths, bundle.head.probabilities(vectors)):
        print(name, round(probability, 3), "yes" if probability >= bundle.head.threshold else "no")"""


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


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
