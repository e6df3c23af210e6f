"""Settings: what is missing, unknown or too wide is refused in words, and no setting turns verification off."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from chassis.errors import StartRefused
from chassis.settings import load
from classifier.settings import Settings, trust

HASH = "ab" * 32


def _changed(desk: Any, old: str, new: str) -> Path:
    path: Path = desk.settings()
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return path


def test_the_desk_is_trusted(desk: Any) -> None:
    """Keys, audience, policies and prompt forms come out as the clearance check takes them."""
    found = trust(load(Settings, desk.settings()))
    assert found.audience == "desk/classifier"
    assert list(found.keys) == ["k1"]
    assert list(found.prompt_forms) == [1]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("prompt_forms = [1]", "prompt_forms = []"),
        ("prompt_forms = [1]", "prompt_forms = [1, 2, 3]"),
        ("prompt_forms = [1]", ""),
        ("policies = [", f'policies = ["{HASH}", "{HASH[:-2]}cc", '),
        ("policies = [", 'policies = ["short", '),
        ('deployment = "desk"', ""),
        ('deployment = "desk"', 'deployment = "desk/classifier"'),
        ("[tls]", "verify_clearance = false\n[tls]"),
        ('signing_keys = "keys.toml"', ""),
    ],
)
def test_what_is_missing_unknown_or_too_wide_is_refused(desk: Any, old: str, new: str) -> None:
    """Nothing configured means nothing allowed, and there is no key to turn a check off with."""
    with pytest.raises(StartRefused):
        load(Settings, _changed(desk, old, new))


@pytest.mark.parametrize(
    "keys",
    [
        "[keys]\n",
        "[keys]\nk1 = 'zz'\n",
        "[keys]\n" + "".join(f"k{number} = '{HASH}'\n" for number in range(4)),
        f"[keys]\nk1 = '{HASH}'\nextra = 3\n",
        "",
    ],
    ids=["none", "no hex", "four", "no text", "empty"],
)
def test_a_pinned_file_that_is_not_one_to_three_keys_is_refused(desk: Any, keys: str) -> None:
    """Old, current and next: never more, never none."""
    settings = load(Settings, desk.settings())
    (desk.folder / "keys.toml").write_text(keys)
    with pytest.raises(StartRefused):
        trust(settings)


async def test_the_program_serves_until_it_is_told_to_stop(desk: Any) -> None:
    """`classifier serve` says that it started, and leaves with code 0 after SIGTERM."""
    program = Path(sys.executable).with_name("classifier")
    process = await asyncio.create_subprocess_exec(
        program, "serve", "--settings", desk.settings(), stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(30):
            while b"server.started" not in await process.stderr.readline():
                assert process.returncode is None
            os.kill(process.pid, signal.SIGTERM)
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()


async def test_the_program_refuses_bad_settings_in_words(desk: Any) -> None:
    """Exit code 78, one sentence that names the key, no traceback."""
    path = _changed(desk, "[tls]", "verify_clearance = false\n[tls]")
    program = Path(sys.executable).with_name("classifier")
    process = await asyncio.create_subprocess_exec(program, "serve", "--settings", path, stderr=asyncio.subprocess.PIPE)
    _, errors = await process.communicate()
    assert process.returncode == 78
    assert b"verify_clearance: nobody knows this key" in errors
    assert b"Traceback" not in errors
