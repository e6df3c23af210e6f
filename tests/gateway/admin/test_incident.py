"""`mail-organiser admin incident`, as a stranger runs it: from two keys to a closed incident and its documents."""

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from chassis import settings
from cli.incident_commands import FACTS, incident
from cli.main import main
from gateway.incidents.entry import Effect, Fact, Harm, Likelihood, Recipient, Severity
from gateway.settings import GatewaySettings
from gateway.store import engine as store
from gateway.store import reading


class Host:
    """Settings, keys of both roles, and the command."""

    def __init__(self, folder: Path, write: Callable[..., Path]) -> None:
        self._folder = folder
        digests = [self.run("key", str(folder / f"{role}.key")).stdout.strip() for role in ("sre", "dpo")]
        operators = f'[operators]\nsre = "{digests[0]}"\ndpo = "{digests[1]}"'
        self.file = write('root_key = "root.key"', f'{operators}\n[organisation]\nname = "Example Ltd"')

    def run(self, *arguments: str, given: str = "") -> Result:
        return CliRunner().invoke(main, ["admin", "incident", *arguments], input=given)

    def as_(self, role: str, *arguments: str, given: str = "") -> Result:
        """A command that writes; stdin is its text."""
        who = ("--settings", str(self.file), "--key", str(self._folder / f"{role}.key"), "--operator", role.title())
        return self.run(*arguments, *who, given=given)

    def did(self, role: str, *arguments: str, given: str = "") -> str:
        done = self.as_(role, *arguments, given=given)
        assert done.exit_code == 0, done.output
        return done.stdout

    def reads(self, *arguments: str) -> str:
        done = self.run(*arguments, "--settings", str(self.file), "--key", str(self._folder / "sre.key"))
        assert done.exit_code == 0, done.output
        return done.stdout

    def events(self) -> list[Any]:
        engine = store.open(settings.load(GatewaySettings, self.file).database)
        with reading(engine) as connection:
            found = connection.exec_driver_sql("SELECT kind, outcome, service FROM audit_event ORDER BY seq").all()
        engine.dispose()
        return list(found)


@pytest.fixture
def host(tmp_path: Path, gateway_file: Callable[..., Path]) -> Host:
    return Host(tmp_path, gateway_file)


def test_an_incident_from_its_opening_to_its_end(host: Host) -> None:
    """Every command, by who may; the documents are of what was said."""
    one = host.did("sre", "open", "--severity", "high", "--alert", "TokensRefused", given="Keys were used\n").strip()
    host.did("sre", "note", one, given="Looked at it")
    host.did("sre", "severity", one, "critical", given="It spreads")
    host.did("sre", "describe", one, "nature", given="A key was copied")
    host.did("sre", "measure", one, "--effect", "containment", "--taken", given="Revoked it")
    linked = host.as_("sre", "evidence", one, "--kind", "incident.opened", *_window())
    assert (linked.exit_code, "1 events, which name 0 people" in linked.output) == (0, True)
    host.did("dpo", "aware", one, "--since", "2026-01-01T10:00+00:00")
    host.did("dpo", "assess", one, "--likelihood", "likely", "--harm", "severe", given="Bad")
    host.did("dpo", "decide", one, "--ico", "--people", given="The risk is high")
    assert f"{one}  running  critical" in host.reads("list")
    assert "due 2026-01-04 10:00 UTC" in host.reads("list")
    host.did("dpo", "notified", one, "--recipient", "ico", "--at", "2026-01-05T10:00+00:00", "--reference", "IC-1")
    host.did("dpo", "notified", one, "--recipient", "people", "--at", "2026-01-05T10:00+00:00")
    host.did("dpo", "follow-up", one, "--at", "2026-01-05T11:00+00:00", given="Four records")
    host.did("dpo", "review", one, given="Keys end sooner")
    assert "72 hours" in host.as_("dpo", "close", one).output
    host.did("dpo", "late", one, given="Nobody was awake")
    host.did("dpo", "close", one)
    assert f"{one}  closed" in host.reads("show", one)
    assert "SRE Sre: noted" in host.reads("show", one)
    assert "A key was copied" in host.reads("documents", one, "--kind", "letter")
    ico = json.loads(host.reads("documents", one, "--kind", "ico", "--format", "json"))["fields"]
    assert (ico["organisation"], ico["registration"]) == ("Example Ltd", "not set by the operator")
    assert (ico["delay"], ico["nature"]) == ("Nobody was awake", "A key was copied")
    assert len(json.loads(host.reads("documents", "--kind", "register", "--format", "json"))) == 1
    assert host.run("verify", "--settings", str(host.file)).stdout == "incidents: good, 15 entries\n"
    assert {event.service for event in host.events()} == {"cli"}


def test_a_role_is_what_a_key_proves(host: Host, tmp_path: Path) -> None:
    """An SRE can't declare awareness, and the attempt is in the audit log; who has no key can't even look."""
    one = host.did("sre", "open", "Seen", "--severity", "low").strip()
    refused = host.as_("sre", "aware", one, "--since", "2026-01-01T10:00+00:00")
    assert (refused.exit_code, "DPO" in refused.output) == (2, True)
    assert tuple(host.events()[-1]) == ("incident.aware", "refused", "cli")
    (tmp_path / "other.key").write_text("0" * 64)
    (tmp_path / "short.key").write_text("hunter2")
    for name, why in (("other", "has no role"), ("short", "no operator's key")):
        (tmp_path / f"{name}.key").chmod(0o600)
        answer = host.run("list", "--settings", str(host.file), "--key", str(tmp_path / f"{name}.key"))
        assert (answer.exit_code, answer.stdout) == (2, "")
        assert why in answer.stderr


def test_a_key_is_closed_to_others(host: Host, tmp_path: Path) -> None:
    """From its first byte; one that is open is not read, and one that is there is not written over."""
    key = tmp_path / "dpo.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert host.run("key", str(key)).exit_code == 1
    key.chmod(0o640)
    answer = host.run("list", "--settings", str(host.file), "--key", str(key))
    assert (answer.exit_code, "chmod 600" in answer.stderr) == (1, True)


def test_key_and_text_come_in_by_stdin(host: Host, tmp_path: Path) -> None:
    """So that one account of the host serves both roles, and neither key nor text is in a list of processes."""
    one = host.did("sre", "open", "Seen", "--severity", "low").strip()
    given = (tmp_path / "dpo.key").read_text() + "What was learned"
    who = ("--settings", str(host.file), "--key", "-", "--operator", "Dana")
    assert host.run("review", one, *who, given=given).exit_code == 0
    assert "DPO Dana: reviewed" in host.reads("show", one)
    assert "What was learned" in host.reads("show", one)


def test_one_key_is_not_both_roles(gateway_file: Callable[..., Path]) -> None:
    """The settings are refused."""
    with pytest.raises(Exception, match="make one for each"):
        gateway_file('root_key = "root.key"', f'[operators]\nsre = "{"0" * 64}"\ndpo = "{"0" * 64}"')


@pytest.mark.parametrize(
    ("command", "parameter", "words"),
    [
        ("open", "severity", Severity),
        ("severity", "severity", Severity),
        ("describe", "fact", Fact),
        ("assess", "likelihood", Likelihood),
        ("assess", "harm", Harm),
        ("measure", "effect", Effect),
        ("notified", "recipient", Recipient),
    ],
)
def test_the_commands_take_exactly_the_register_s_words(command: str, parameter: str, words: Any) -> None:
    """They name them themselves, so that --help needs no gateway."""
    (found,) = [one for one in incident.commands[command].params if one.name == parameter]
    assert isinstance(found.type, click.Choice)
    assert list(found.type.choices) == [word.value for word in words]
    assert set(FACTS) == {fact.value for fact in Fact}


def _window() -> tuple[str, ...]:
    return ("--since", "2020-01-01T00:00+00:00", "--until", "2100-01-01T00:00+00:00")
