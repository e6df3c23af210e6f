"""What nobody may guess: long enough, and of the operating system's source."""

import ast
import random
import re
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from gateway.identity import api_key, flow
from gateway.identity.flow import Wanted
from gateway.store import ids
from gateway.store.codes import Access

ROOT = Path(__file__).resolve().parents[3]
ENOUGH = 128  # bits, of ASVS 11.5.1
BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
GUESSABLE = {  # who uses a source that can be seeded, and what for: none of it is a secret
    "classifier/src/classifier/provider/desk.py": "how long to wait before a provider is asked again",
    "gateway/src/gateway/edge/draw.py": "which requests are traced, and what their traces are called",
    "gateway/src/gateway/edge/shared_limiter.py": "when Redis is looked for again",
    "sentinel/src/sentinel/training/generator.py": "examples to learn from, the same each time",
    "sentinel/src/sentinel/training/phrases.py": "the same",
    "sentinel/src/sentinel/training/techniques.py": "the same",
    "sentinel/src/sentinel/training/template.py": "the same",
    "sentinel/src/sentinel/training/trainer.py": "the same",
}


def bits(value: str) -> int:
    """Of what a base64url text was made of."""
    assert BASE64URL.fullmatch(value)
    return 8 * len(urlsafe_b64decode(value + "=" * (-len(value) % 4)))


async def secrets_of_a_sign_in(gateway: Any) -> dict[str, str]:
    """All that one sign-in makes up, from the first click to the session."""
    url, cookie = await gateway.start()
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    back = await gateway.callback(await gateway.authorize(url), cookie)
    code = back.headers["location"].removeprefix("/#code=")
    answer = await gateway.exchange(code)
    begun = await gateway.microsoft.begin("https://localhost/callback", "c" * 43, Wanted(Access.FULL))
    return {
        "state": asked["state"],
        "browser": cookie.partition("=")[2],
        "code": code,
        "refresh": answer.headers["set-cookie"].partition(";")[0].partition("=")[2],
        "nonce": begun.nonce,
    }


async def test_a_sign_in_makes_128_bits_or_more_of_each_secret(gateway: Any) -> None:
    """State and nonce, which MSAL makes; the browser's cookie, the one-time code, the refresh token."""
    made = await secrets_of_a_sign_in(gateway)
    assert {name: value for name, value in made.items() if bits(value) < ENOUGH} == {}


async def test_no_secret_comes_of_a_source_that_can_be_seeded(gateway: Any) -> None:
    """Twice the same seed, and nothing is the same: neither ours, nor what MSAL makes, nor ids and keys."""
    made: list[str] = []
    for _ in range(2):
        random.seed(1)
        made += (await secrets_of_a_sign_in(gateway)).values()
        begun = await gateway.microsoft.begin("https://localhost/callback", "c" * 43, Wanted(Access.FULL))
        made += [begun.code_verifier, flow.new_secret(), api_key.new(), ids.new("ses")]
    assert len(set(made)) == len(made)


def test_who_uses_such_a_source_makes_no_secret() -> None:
    """Each use of it has a reason, and each reason is still needed."""
    programs = [path for path in ROOT.glob("*/src/**/*.py") if not path.is_relative_to(ROOT / "sandbox")]
    assert len(programs) > 200
    assert {str(path.relative_to(ROOT)) for path in programs if draws(path)} == set(GUESSABLE)


def draws(path: Path) -> bool:
    """Whether a file imports `random`, or uses NumPy's."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import) and "random" in {part for one in node.names for part in one.name.split(".")}:
            return True
        if isinstance(node, ast.ImportFrom) and "random" in (node.module or "").split("."):
            return True
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"np.random", "numpy.random"}:
            return True
    return False
