"""`compose.yaml` can't be run where tests run, so what it says is compared with what it names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from concepts.settings import Settings
from storage import buckets

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service["image"] == "discern-together"]

VARIABLES_OF_THE_BUCKET = {"AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"}
RAYS_OWN = {"RAY_USAGE_STATS_ENABLED", "RAY_AUTH_MODE", "RAY_AUTH_TOKEN"}


def known() -> set[str]:
    """Variables that the app reads."""
    names = {f"DISCERN_{name.upper()}" for name in Settings.model_fields}
    for field in Settings.model_fields.values():
        names |= {str(name) for name in getattr(field.validation_alias, "choices", [])}
    return names | set(buckets.VARIABLES)


def test_every_variable_it_sets_is_one_that_the_app_knows() -> None:
    assert set(OURS) == {"app-1", "app-2", "bucket", "ray"}
    for name in OURS:
        asked = {variable for variable in SERVICES[name]["environment"] if not variable.startswith("RAY_")}
        assert asked - known() == set(), name


def test_workers_of_ray_get_the_bucket_and_the_pictures_and_nothing_else() -> None:
    ray = SERVICES["ray"]
    assert set(ray["environment"]) == {*VARIABLES_OF_THE_BUCKET, *RAYS_OWN}
    assert [volume.rpartition(":")[0].rpartition(":")[2] for volume in ray["volumes"]] == ["/pictures"]
    assert "depends_on" not in ray
    for name, value in ray["environment"].items():
        assert SERVICES["app-1"]["environment"][name] == value


def test_settings_take_what_it_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SERVICES["app-1"]["environment"].items():
        monkeypatch.setenv(name, re.sub(r"\$\{\w+:[-?]([^}]*)\}", r"\1", value))
    settings = Settings()
    assert settings.store == "s3://discern/library"
    assert settings.database.startswith("postgresql+psycopg://discern:")


def test_what_services_wait_for_and_mount_is_there() -> None:
    for name, service in SERVICES.items():
        waits = service.get("depends_on", {})
        assert set(waits) <= set(SERVICES), name
        for other, how in waits.items():
            checked = "healthcheck" in SERVICES[other] or other in OURS  # the Dockerfile has one
            assert how["condition"] != "service_healthy" or checked, f"{name} waits for {other}"
        mounted = [volume.split(":")[0] for volume in service.get("volumes", [])]
        assert {one for one in mounted if one.isidentifier()} <= set(COMPOSE["volumes"]), name
        assert {config["source"] for config in service.get("configs", [])} <= set(COMPOSE["configs"]), name


def test_the_proxy_asks_both_apps_and_is_believed() -> None:
    said = COMPOSE["configs"]["proxy"]["content"]
    assert re.findall(r"server (\S+):7860;", said) == ["app-1", "app-2"]
    (network,) = COMPOSE["networks"]["default"]["ipam"]["config"]
    assert SERVICES["app-1"]["environment"]["DISCERN_TRUSTED_PROXIES"] == network["subnet"]
    # A single dollar would be read as a variable of compose itself.
    assert not re.findall(r"(?<!\$)\$(?![${])\w+", (ROOT / "compose.yaml").read_text())


def test_only_this_computer_reaches_it_and_no_password_is_written_into_it() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports == ["127.0.0.1:8080:8080"]
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if "PASSWORD" in name or name in ("DISCERN_USERS", "RAY_AUTH_TOKEN"):
                assert re.fullmatch(r"\$\{\w+:[-?][^}]*\}", value), name


def test_every_image_has_a_version_and_the_buckets_is_the_tested_one() -> None:
    foreign = {name: service["image"] for name, service in SERVICES.items() if name not in OURS}
    assert all(re.search(r":\d", image) for image in foreign.values())
    asked = (ROOT / "tools" / "s3_service.txt").read_text()
    tested = re.findall(r"^moto\[s3,server\]==(\S+)$", asked, re.MULTILINE)
    assert tested == [foreign["moto"].rpartition(":")[2]]
