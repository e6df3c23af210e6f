"""Another root in the place of the one that is: nothing is lost at any step, and the former ends last."""

import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from chassis import settings
from gateway import deployment
from gateway.admin import root
from gateway.settings import GatewaySettings
from gateway.store import engine as store
from gateway.store import people, reading
from gateway.vault.errors import KeyringRefused
from gateway.vault.hsm_settings import HsmSettings
from gateway.vault.keyring import Keyring, Purpose
from gateway.vault.vault import Cell, Vault

CELL = Cell("profile", "row", "sealed")
REPLACED, FORGOTTEN = "vault.root_replaced", "vault.root_forgotten"
KINDS = ["file", "module"]

# Does the step in copies of a deployment, each time killed one touch of a file later, until it is not killed any more.
KILLER = """
import os, shutil, signal, sys
from pathlib import Path
from chassis import settings
from gateway.admin import root
from gateway.settings import GatewaySettings

step, folder = sys.argv[1], Path(sys.argv[2])
TOUCHES = {"open", "os.rename", "os.link", "os.remove", "sqlite3.connect"}

def touched(copy, after):
    seen = 0
    def count(event, arguments):
        nonlocal seen
        touch = event in TOUCHES and str(arguments[0]).startswith(str(copy))
        seen += touch
        if touch and seen > after:
            os.kill(os.getpid(), signal.SIGKILL)
    return count

for after in range(1000):
    copy = folder.with_name(f"killed-{after}")
    shutil.copytree(folder, copy)
    configured = settings.load(GatewaySettings, copy / "gateway.toml")
    if not (child := os.fork()):
        sys.addaudithook(touched(copy, after))
        getattr(root, step)(configured)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        break
assert status == 0
print(after)
"""


@pytest.fixture
def named(module_settings: Callable[[], HsmSettings]) -> Callable[[str, str], tuple[str, str]]:
    """A new root of a kind as settings name it under a name: keys of the top, and tables."""

    def name(kind: str, where: str) -> tuple[str, str]:
        if kind == "file":
            return f'{where}_key = "{where}-{secrets.token_hex(4)}.key"', ""
        made = module_settings()
        values = {"module": made.module, "token": made.token, "key": made.key, "pin": made.pin._path}
        return "", f"[{where}_hsm]\n" + "\n".join(f'{key} = "{value}"' for key, value in values.items())

    return name


def former(named: tuple[str, str]) -> tuple[str, str]:
    """The same root, as the one that is replaced."""
    keys, tables = named
    return keys.replace("root_key", "former_root_key"), tables.replace("[root_hsm]", "[former_root_hsm]")


Changed = tuple[GatewaySettings, list[str]]


@pytest.fixture
def changing(gateway_file: Callable[..., Path], named: Any) -> Callable[[str, str], Changed]:
    """A deployment under one root whose settings name another; and the ids of its keys."""

    def make(old: str, new: str) -> Changed:
        first, second = named(old, "root"), named(new, "root")
        before = deployment.open_existing(load(gateway_file(*first)))
        pairs = zip(second, former(first), strict=True)
        return load(gateway_file(*("\n".join(pair) for pair in pairs))), ids(before)

    return make


def load(file: Path) -> GatewaySettings:
    return settings.load(GatewaySettings, file)


def ids(keyring: Keyring) -> list[str]:
    return [key.id for purpose in Purpose for key in keyring.all(purpose)]


def without_former(configured: GatewaySettings) -> GatewaySettings:
    return configured.model_copy(update={"former_root_key": None, "former_root_hsm": None})


def with_former_alone(configured: GatewaySettings) -> GatewaySettings:
    return without_former(configured).model_copy(
        update={"root_key": configured.former_root_key, "root_hsm": configured.former_root_hsm}
    )


def events(configured: GatewaySettings) -> list[str]:
    with opened(configured) as engine, reading(engine) as connection:
        return list(connection.exec_driver_sql("SELECT kind FROM audit_event ORDER BY seq").scalars())


@contextmanager
def opened(configured: GatewaySettings) -> Iterator[Any]:
    engine = store.open(configured.database)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("old", KINDS)
@pytest.mark.parametrize("new", KINDS)
def test_a_root_takes_the_other_s_place(changing: Callable[[str, str], Changed], old: str, new: str) -> None:
    """File to file, to a module, back, and to another key there: first both open the keys, then the new one alone."""
    configured, keys = changing(old, new)
    running = deployment.open_existing(configured)
    assert ids(running) == keys
    assert root.replace(configured) is True
    assert ids(deployment.open_existing(without_former(configured))) == keys
    running.look_again()
    rotated = running.rotate(Purpose.KEK, now=1)
    root.forget(configured)
    assert rotated.id in ids(deployment.open_existing(without_former(configured)))
    assert ids(deployment.open_existing(configured)) == ids(running)
    with pytest.raises(KeyringRefused):
        deployment.open_existing(with_former_alone(configured))
    assert events(configured) == [REPLACED, FORGOTTEN]


def test_a_process_with_both_rotates_before_and_after(changing: Callable[[str, str], Changed]) -> None:
    """What a running gateway changes meanwhile lies under the new root, and needs no step of an operator."""
    configured, _ = changing("file", "file")
    running = deployment.open_existing(configured)
    made = running.rotate(Purpose.KEK, now=1)
    assert made.id in ids(deployment.open_existing(without_former(configured)))
    assert root.replace(configured) is False
    assert events(configured) == []


def test_what_was_sealed_for_people_opens_after_it(changing: Callable[[str, str], Changed]) -> None:
    """Keys stay what they are; only what they are sealed under changes."""
    configured, _ = changing("file", "module")
    vault = Vault(deployment.open_existing(configured), "test")
    with opened(configured) as engine:
        with engine.begin() as connection:
            person = people.create(connection, bytes(32), now=1).id
            vault.create_key(connection, person)
            sealed = vault.seal(connection, person, CELL, b"kept")
        root.replace(configured)
        root.forget(configured)
        after = Vault(deployment.open_existing(without_former(configured)), "test")
        with reading(engine) as connection:
            assert after.open(connection, person, CELL, sealed) == b"kept"


def test_the_former_stays_while_anything_is_under_it(changing: Callable[[str, str], Changed]) -> None:
    """Forgetting comes second: before the keys are sealed anew it is refused, in words, without a trace."""
    configured, keys = changing("file", "file")
    with pytest.raises(KeyringRefused):
        root.forget(configured)
    deployment.open_existing(configured).look_again()
    root_of_new = configured.root_key
    assert root_of_new is not None
    root_of_new.write_bytes(secrets.token_bytes(32))
    root_of_new.chmod(0o600)
    with pytest.raises(KeyringRefused, match="root replace"):
        root.forget(configured)
    assert ids(deployment.open_existing(with_former_alone(configured))) == keys
    assert events(configured) == []


def test_without_a_trail_nothing_is_replaced_or_forgotten(
    changing: Callable[[str, str], Changed], break_log: Callable[[Any], None]
) -> None:
    """What can't be recorded is not done."""
    configured, keys = changing("file", "file")
    with opened(configured) as engine:
        break_log(engine)
    with pytest.raises(Exception, match="audit log"):
        root.replace(configured)
    assert ids(deployment.open_existing(with_former_alone(configured))) == keys


def test_a_deployment_without_a_former_root_is_told_so(gateway_file: Callable[..., Path], named: Any) -> None:
    """Nothing to replace, and nothing destroyed."""
    configured = load(gateway_file(*named("file", "root")))
    for step in (root.replace, root.forget):
        with pytest.raises(KeyringRefused, match="former_root_key"):
            step(configured)  # type: ignore[operator]  # two functions, one of which answers
    assert ids(deployment.open_existing(configured))


def test_one_root_can_not_be_named_twice(gateway_file: Callable[..., Path]) -> None:
    """Forgetting the former would destroy the only one."""
    with pytest.raises(settings.SettingsRefused, match="names one root twice"):
        gateway_file('root_key = "root.key"\nformer_root_key = "root.key"')


@pytest.mark.parametrize("new", KINDS)
@pytest.mark.parametrize("step", ["replace", "forget"])
def test_killed_at_any_touch_of_a_file_it_goes_on(
    changing: Callable[[str, str], Changed], tmp_path: Path, step: str, new: str
) -> None:
    """SIGKILL: the keys open under the two roots at every moment; run again, it ends as if nothing had been."""
    configured, keys = changing("file", new)
    if step == "forget":
        root.replace(configured)
    folder = tmp_path.with_name(f"{tmp_path.name}-steps") / "whole"
    shutil.copytree(tmp_path, folder)
    command = [sys.executable, "-c", KILLER, step, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout) >= 5, "it was killed next to never"
    for copy in sorted(folder.parent.glob("killed-*")):
        found = load(copy / "gateway.toml")
        assert ids(deployment.open_existing(found)) == keys
        root.replace(found)
        root.forget(found)
        assert ids(deployment.open_existing(without_former(found))) == keys
        assert sorted(set(events(found))) == [FORGOTTEN, REPLACED]
        assert found.former_root_key is not None
        assert not found.former_root_key.exists()
        assert {path.name for path in copy.glob(".keys.*")} <= {".keys.lock"}
