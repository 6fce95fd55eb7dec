"""What every operation promises wherever it is offered: read from the declarations."""

from __future__ import annotations

from typing import cast

import pytest

from concepts.rooms import declared_use_cases
from concepts.use_cases import App, UseCase
from concepts.use_cases.parameters import IN_PATH
from docs.build import commands
from web.api.app import create_api
from web.http.roles import rule_of

DOCUMENT = create_api(cast(App, None)).openapi()
COMMANDS = commands()
OPERATIONS = declared_use_cases()


def named(one: UseCase) -> str:
    return one.key


@pytest.mark.parametrize("one", [one for one in OPERATIONS if one.route or one.command], ids=named)
def test_it_says_what_it_does_and_what_each_parameter_is(one: UseCase) -> None:
    assert one.summary.endswith(".")
    undescribed = [p.name for p in one.parameters if p.given is None and not p.field.description]
    assert undescribed == []


@pytest.mark.parametrize("one", [one for one in OPERATIONS if one.route], ids=named)
def test_its_route_is_in_the_document_and_held_to_its_role(one: UseCase) -> None:
    assert DOCUMENT["paths"][one.path][one.verb.lower()]["operationId"] == one.operation_id
    rule = rule_of(one.verb, "/api/v1" + IN_PATH.sub("1", one.path))
    assert rule is not None
    assert (rule.role, rule.deed, rule.host) == (one.role, one.audit, one.host)


@pytest.mark.parametrize("one", [one for one in OPERATIONS if one.command], ids=named)
def test_its_command_takes_the_same_parameters(one: UseCase) -> None:
    taken = {parameter.name for parameter in COMMANDS[one.command].params}
    assert {p.name for p in one.parameters if p.given is None} <= taken
