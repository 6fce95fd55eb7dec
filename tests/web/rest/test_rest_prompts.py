"""A concept's prompts by REST."""

from __future__ import annotations

from typing import Any

from fastapi.testclient import TestClient

NAME = "Prompted"


def of_all(api: TestClient) -> dict[str, Any]:
    every = api.get(f"concepts/{NAME}/prompts").json()
    return next(one for one in every if one["name"] == "annotate.system")


def test_a_prompt_is_read_edited_compared_previewed_and_reset(api: TestClient) -> None:
    made = api.post("concepts", json={"name": NAME, "description": "A filled ellipse."})
    assert made.status_code == 201, made.text
    address = f"concepts/{NAME}/prompts/annotate.system"
    default = of_all(api)
    edited = api.put(address, json={"text": default["text"] + " Be strict."}).json()
    assert (edited["own"], edited["version"] == default["version"]) == (True, False)
    assert of_all(api) == edited
    sent = api.get(f"{address}/preview").json()
    assert sent["messages"][0]["text"].endswith("Be strict.")
    [picture] = sent["messages"][1]["pictures"]
    assert (picture["id"], picture["width"]) == (sent["picture"], 96)
    assert api.put(address, json={"text": ""}).json() == default


def test_other_variables_and_unknown_prompts_are_problems(api: TestClient) -> None:
    api.post("concepts", json={"name": "Refused", "description": "A filled ellipse."})
    refused = api.put("concepts/Refused/prompts/annotate.user", json={"text": "Hello {{ name }}"})
    assert (refused.status_code, refused.json()["type"]) == (422, "/api/v1/docs#other-variables")
    assert "{{ name }}" in refused.json()["detail"]
    assert api.get("concepts/Refused/prompts/repair/preview").status_code == 404
