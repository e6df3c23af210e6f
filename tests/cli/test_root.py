"""`mail-organiser admin root`: another root key beside a running gateway, and back."""

from pathlib import Path
from typing import Any

NEW = '"root-next.key"'


def test_the_root_is_replaced_there_and_back_beside_a_running_gateway(command: Any, sample_house: Any) -> None:
    """Each way leaves two events and one root; refused in words out of turn; the gateway answers all the while."""
    settings: Path = sample_house.place.path("settings", "gateway.toml")
    before = settings.read_text()
    old = next(line.partition(" = ")[2] for line in before.splitlines() if line.startswith("root_key"))
    both = f"root_key = {NEW}\nformer_root_key = {old}"
    there = settings.with_name("there.toml")
    there.write_text(before.replace(f"root_key = {old}", both))
    back = settings.with_name("back.toml")
    back.write_text(before.replace(f"root_key = {old}", f"root_key = {old}\nformer_root_key = {NEW}"))
    assert ran(command, "forget", settings) == (1, "no root is being replaced")
    assert ran(command, "replace", there) == (0, "Sealed the keys under the new root.")
    assert ran(command, "replace", there) == (0, "The keys are under the new root.")
    sample_house.ask("GET", "/folders", 200)
    assert ran(command, "replace", back) == (0, "Sealed the keys under the new root.")
    assert ran(command, "forget", back) == (0, "Destroyed the former root.")
    assert not settings.with_name("root-next.key").exists()
    sample_house.ask("GET", "/folders", 200)
    kinds = sample_house.query("SELECT kind FROM audit_event WHERE kind LIKE 'vault.root_%' ORDER BY seq")
    assert kinds == [("vault.root_replaced",), ("vault.root_replaced",), ("vault.root_forgotten",)]


def ran(command: Any, step: str, settings: Path) -> tuple[int, str]:
    """Its exit code, and the first sentence that it says."""
    done = command.ran("admin", "root", step, "--settings", str(settings))
    said = done.stderr.removeprefix("mail-organiser: ").replace("\n", " ")
    return done.returncode, said.partition(";")[0] if done.returncode else said.partition(". ")[0] + "."
