"""Code that uses a bundle, as a person copies it: on the model card and on Results. Tests run it."""

from __future__ import annotations

import json
import shlex
from urllib.parse import quote

from concepts.encoders.base import ELSEWHERE, registered_as


def from_pictures(bundle: str, encoder: str, *, columns: bool = False) -> str:
    """Python with Discern installed: pictures in, probabilities out. `bundle` is a folder or a zip; with
    several `columns`, or grades, all of them come out."""
    trust = "" if registered_as(encoder) not in ELSEWHERE else f", trust={_quoted(encoder)}"
    return f"""from pathlib import Path

from discern import embed_files, encoder_of, load_bundle

bundle = load_bundle(Path({_quoted(bundle)}))
encoder = encoder_of(bundle, cache=Path("cache"){trust})

folder = Path("pictures")
for ids, paths, vectors, skipped in embed_files([folder], encoder):
    {_ALL_COLUMNS if columns else _ONE_COLUMN}"""


_ONE_COLUMN = """for name, probability in zip(paths, bundle.head.probabilities(vectors)):
        print(name, round(probability, 3), "yes" if probability >= bundle.head.threshold else "no")"""
_ALL_COLUMNS = """said = bundle.outputs(vectors)  # a column for each of bundle.columns; grades
    for row, name in enumerate(paths):
        print(name, said.probability[row].round(3), said.decision[row], said.grade[row].round(2))"""


# Debian's own Python takes no packages.
APART = "python3 -m venv scoring && . scoring/bin/activate  # Windows: scoring\\Scripts\\activate"


def anywhere(folder: str, encoder: str | None = None) -> str:
    """The commands that run a bundle, unpacked to `folder`, without Discern: with its encoder, or with the
    `encoder` of this name, which open_clip loads."""
    package, choice = (" open_clip_torch", f" --encoder {shlex.quote(encoder)}") if encoder else ("", "")
    return f"""{APART}
python -m pip install -r {_word(f"{folder}/requirements.txt")}{package}
python {_word(f"{folder}/classify.py")} PICTURES{choice}"""


def from_the_hub(repository: str) -> str:
    """Python with huggingface_hub and what the bundle's requirements.txt names."""
    return f"""import sys; from huggingface_hub import snapshot_download
sys.path.insert(0, snapshot_download({_quoted(repository)})); import classify
print(*classify.Classifier().answers(["pictures"]), sep="\\n")"""


HOW_ANYWHERE = """A folder is looked through with all in it. Results are printed as CSV; `--out FILE.csv` \
or `--out FILE.jsonl` writes them, `--threshold 0.7` says yes from another probability on."""


def _word(text: str) -> str:
    return shlex.quote(text.removeprefix("./"))


def from_pictures_alone(folder: str, pictures: str = "pictures") -> str:
    """Python with what the bundle's requirements.txt names: pictures in, answers out."""
    return f"""{_from(folder)}
import classify

for answer in classify.Classifier().answers([{_quoted(pictures)}]):
    print(answer.path, answer.probability, answer.decision, answer.error or "")"""


def _from(folder: str) -> str:
    return f"""import sys

sys.path.insert(0, {_quoted(folder)})  # the unpacked bundle"""


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def with_numpy(folder: str, fingerprint: str, dimension: int) -> str:
    """Python with NumPy and safetensors alone: vectors in, probabilities out."""
    return f"""{_from(folder)}
import numpy as np
import scorer

head = scorer.load()
head.check_fingerprint("{fingerprint}")  # of the encoder you use
embeddings = np.load("embeddings.npy")  # (n, {dimension})
print(head.probability(embeddings), head.decide(embeddings))"""


def with_onnx(folder: str) -> str:
    """The same with ONNX Runtime."""
    model = _quoted(f"{folder}/head.onnx".removeprefix("./"))
    return f"""import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession({model})
embeddings = np.load("embeddings.npy").astype(np.float32)
probability, decision = session.run(["probability", "decision"], {{"embedding": embeddings}})
print(probability, decision)"""


def over_rest(concept: str, version: int) -> str:
    """curl: the bundle, pictures that are sent, scores of a folder of the computer that Discern runs on."""
    address = f"$API/concepts/{quote(concept, safe='')}/versions/{version}"
    named = shlex.quote(f"concept={concept}")
    body = json.dumps({"path": "/home/ana/New pictures", "format": "csv"})
    return f"""API=http://127.0.0.1:7860/api/v1
curl -o bundle.zip "{address}/bundle"
curl -F picture=@one.jpg -F picture=@another.jpg --form-string {named} -F version={version} "$API/classify"
# A folder of the computer that Discern runs on:
curl -H "Content-Type: application/json" -d '{body}' "{address}/scores"
# The answer has the id of a job. When GET $API/jobs/ID says done:
curl -o scores.csv "$API/jobs/ID/scores\""""


def in_a_shell(bundle: str, trust: str | None = None) -> str:
    """The command line of Discern, straight from pictures; `trust` is an encoder that it has to be told."""
    told = "" if trust is None else f" --trust-encoder {shlex.quote(trust)}"
    return f"discern score {bundle} PICTURES --out scores.csv{told}"
