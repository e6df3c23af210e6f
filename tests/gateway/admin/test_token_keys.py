"""The operator's command: sees, rotates and destroys the keys of access tokens, and leaves a trace of each change."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.admin import token_keys
from gateway.store import engine as store
from gateway.store import reading


@pytest.fixture
def command(gateway_file: Callable[..., Path], capsys: Any) -> Callable[..., list[list[str]]]:
    """Runs it over a keyring and a database of its own; the words of each line that it prints."""
    file = gateway_file('root_key = "root.key"')

    def run(*arguments: str) -> list[list[str]]:
        token_keys.main(["--settings", str(file), *arguments])
        return [line.split("  ") for line in capsys.readouterr().out.splitlines()]

    return run


def events(tmp_path: Path) -> list[str]:
    engine = store.open(tmp_path / "data" / "mail.db")
    with reading(engine) as connection:
        kinds = list(connection.exec_driver_sql("SELECT kind FROM audit_event ORDER BY at").scalars())
    engine.dispose()
    return kinds


def test_rotate_then_destroy(command: Callable[..., list[list[str]]], tmp_path: Path) -> None:
    """A new key is announced and the old one still signs; with the old one destroyed it signs at once."""
    ((old, _, good_for),) = command("list")
    assert good_for == "signs"
    (new, _, first), (kept, _, second) = command("rotate")
    assert (kept, first, second) == (old, "announced", "signs")
    assert command("destroy", old) == [[new, command("list")[0][1], "signs"]]
    assert events(tmp_path) == ["token_key.rotated", "token_key.destroyed"]


@pytest.mark.parametrize("name", ["newest", "key_none", "../keys"])
def test_what_can_not_be_destroyed_is_said_and_leaves_everything(
    command: Callable[..., list[list[str]]], tmp_path: Path, name: str, capsys: Any
) -> None:
    """The key in use, and what is none: exit code 1, a sentence, no trace."""
    before = command("list")
    with pytest.raises(SystemExit, match="1"):
        command("destroy", before[0][0] if name == "newest" else name)
    assert "key" in capsys.readouterr().err
    assert command("list") == before
    assert events(tmp_path) == []


def test_without_a_trail_nothing_changes(command: Callable[..., list[list[str]]], tmp_path: Path) -> None:
    """A change that can't be recorded isn't made."""
    before = command("list")
    shutil.rmtree(tmp_path / "data")
    (tmp_path / "data").mkdir()
    with pytest.raises(SystemExit, match="1"):
        command("rotate")
    assert command("list") == before
