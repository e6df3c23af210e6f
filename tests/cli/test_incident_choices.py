"""What may be said at the command line of incidents is what the register knows: --help loads neither."""

from collections.abc import Iterator
from enum import StrEnum

import click
import pytest

from cli.incident_commands import incident
from gateway.incidents.entry import Effect, Fact, Harm, Likelihood, Recipient, Severity

VOCABULARIES: dict[str, type[StrEnum]] = {
    "severity": Severity,
    "likelihood": Likelihood,
    "harm": Harm,
    "effect": Effect,
    "recipient": Recipient,
    "fact": Fact,
}


def choices() -> Iterator[tuple[str, tuple[str, ...]]]:
    for command in incident.commands.values():
        for parameter in command.params:
            if isinstance(parameter.type, click.Choice) and parameter.name in VOCABULARIES:
                yield parameter.name, tuple(parameter.type.choices)


@pytest.mark.parametrize("name", VOCABULARIES)
def test_each_choice_is_the_registers(name: str) -> None:
    """No more, no less, wherever it is asked for."""
    found = [values for parameter, values in choices() if parameter == name]
    assert found
    assert all(set(values) == set(VOCABULARIES[name]) for values in found)
