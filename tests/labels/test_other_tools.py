"""What is written is what the other tools load, and what they write is read."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
from not_run import not_run
from other_tools import in_python_with

from concepts.labelling.formats import FORMATS, writable
from concepts.labelling.formats.base import LabelledPicture
from concepts.labelling.formats.label_studio import CONFIG
from concepts.labelling.rows import LabelRow, checked_rows
from storage.labels import Author

SAVED = Path(__file__).parents[1] / "fixtures" / "formats"


def library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        not_run(f"Files for {name.partition('.')[0]}", "It isn't installed: see requirements-dev.txt.")


def read(name: str, path: Path) -> set[tuple[str, str, str]]:
    rows = [
        row for row in checked_rows(FORMATS[name]().read(path), brings=Author("")) if type(row) is LabelRow
    ]
    return {(Path(row.path or row.picture).name, row.value, row.author.name) for row in rows}


def answers(pictures: list[LabelledPicture]) -> set[tuple[str, str, str]]:
    return {(Path(p.path).name, a.value, a.author) for p in pictures for a in p.answers}


def test_pycocotools_loads_it(labelled: list[LabelledPicture], tmp_path: Path) -> None:
    tool = library("pycocotools.coco")
    writable("coco").write(tmp_path / "out.json", labelled)
    found = tool.COCO(str(tmp_path / "out.json"))
    names = {category["id"]: category["name"] for category in found.loadCats(found.getCatIds())}
    said = [(found.imgs[one["image_id"]], names[one["category_id"]]) for one in found.anns.values()]
    labels = {image["file_name"]: name for image, name in said}
    assert labels == {picture.path: picture.label for picture in labelled if picture.label}
    assert Path(found.imgs[1]["file_name"]).is_file()
    yes = found.getImgIds(catIds=found.getCatIds(catNms=["yes"]))
    assert [found.imgs[i]["discern_id"] for i in yes] == [labelled[0].id]


def test_torchvision_loads_it(labelled: list[LabelledPicture], tmp_path: Path) -> None:
    tool = library("torchvision.datasets")
    writable("image-folder").write(tmp_path / "out", labelled)
    found = tool.ImageFolder(str(tmp_path / "out"))
    assert found.class_to_idx == {"no": 0, "yes": 1}
    assert sorted(label for _, label in found.samples) == [0, 1, 1]  # the third has a score alone
    assert found[0][0].size == (96, 96)


def test_datasets_loads_it_with_pictures_and_classes(labelled: list[LabelledPicture], tmp_path: Path) -> None:
    tool = library("datasets")
    writable("hugging-face").write(tmp_path / "out.parquet", labelled)
    files, cache = str(tmp_path / "out.parquet"), str(tmp_path / "cache")
    found = tool.load_dataset("parquet", data_files=files, cache_dir=cache, split="train")
    names = found.features["label"].names
    labels = [None if label is None else names[label] for label in found["label"]]
    assert labels == ["yes", "no", "unsure", None, None]
    assert found[0]["image"].size == (96, 96)
    assert found[0]["answers"][0]["author"] == "ana"
    found.to_parquet(str(tmp_path / "again.parquet"))  # as the library itself writes it, bytes and all
    assert read("hugging-face", tmp_path / "again.parquet") == answers(labelled)


FIFTYONE = """
    import json, sys
    import fiftyone as fo

    source, again = sys.argv[1:]
    data = fo.Dataset.from_dir(source, dataset_type=fo.types.FiftyOneDataset)
    facts = {
        "samples": len(data),
        "truth": data.values("ground_truth.label"),
        "predicted": data.values("predictions.label"),
        "confidence": data.values("predictions.confidence"),
        "authors": data.values("answers.classifications.author"),
        "yes": len(data.match(fo.ViewField("ground_truth.label") == "yes")),
    }
    data.compute_metadata()
    facts["width"] = data.values("metadata.width")
    data.export(again, dataset_type=fo.types.FiftyOneDataset, export_media=False)
    print()
    print(json.dumps(facts))
"""


@pytest.mark.slow  # it starts a database
def test_fiftyone_loads_it_and_what_it_exports_is_read_again(
    labelled: list[LabelledPicture], tmp_path: Path
) -> None:
    writable("fiftyone").write(tmp_path / "out", labelled)
    found = in_python_with("fiftyone", FIFTYONE, tmp_path / "home", tmp_path / "out", tmp_path / "again")
    assert found["samples"] == 5
    assert found["truth"] == ["yes", "no", "unsure", None, None]
    assert found["predicted"] == ["no", "no", "yes", "yes", "yes"]
    assert found["confidence"] == [1.0, 0.75, 0.5, 0.75, 1.0]
    assert found["authors"][0] == ["ana", "Ben, =1+1"]
    assert (found["yes"], found["width"]) == (1, [96] * 5)
    assert read("fiftyone", tmp_path / "again") == answers(labelled)


LABEL_STUDIO = """
    import json, sys
    from label_studio_sdk.label_interface import LabelInterface
    from label_studio_sdk.label_interface.objects import TaskValue

    tasks = json.load(open(sys.argv[1]))
    interface = LabelInterface(open(sys.argv[2]).read())
    interface.validate()
    bad = []
    for task in tasks:
        annotations = [{**one, "completed_by": 1} for one in task["annotations"]]  # who imports them
        for one in [*annotations, *task["predictions"]]:
            bad += interface.validate_prediction(one, return_errors=True)
        if not interface.validate_task({"data": task["data"]}):
            bad.append(task["data"])
        TaskValue(**{**task, "annotations": annotations})
    print(json.dumps({"tasks": len(tasks), "bad": bad}))
"""


def test_label_studio_takes_tasks_annotations_and_predictions(
    labelled: list[LabelledPicture], tmp_path: Path
) -> None:
    writable("label-studio").write(tmp_path / "out.json", labelled)
    (tmp_path / "config.xml").write_text(CONFIG)
    found = in_python_with(
        "label_studio_sdk", LABEL_STUDIO, tmp_path, tmp_path / "out.json", tmp_path / "config.xml"
    )
    assert found == {"tasks": 5, "bad": []}


def test_what_other_tools_wrote_once_is_read_without_them() -> None:
    """Files that the tools of these versions wrote."""
    named, plain = (read("fiftyone", SAVED / f"fiftyone-1.22.1{kind}") for kind in ("", "-plain"))
    assert named == {("p0.png", "yes", "ana"), ("p1.png", "no", "ben")}
    assert plain == {("p0.png", "yes", ""), ("p1.png", "no", "")}
