"""Coming in with an API key instead of signing in. The key is in a file of its owner's alone, never an argument."""

import re
from pathlib import Path
from typing import Final

import httpx

from chassis.secret_file import SecretFile
from cli.gateway_client import GatewayRefused
from cli.problem import problem
from cli.sign_in import SignedIn
from cli.unusable import Unusable

_KEY: Final = re.compile(r"mok_[a-z2-7]{59}", re.ASCII)


def read(path: Path) -> str:
    """The key in a file. StartRefused when others may read it, Unusable when it holds no key."""
    text = SecretFile(path, "--key-file").text()
    if not _KEY.fullmatch(text):
        raise Unusable(
            "The key file holds no API key.",
            "One begins with mok_ and stands alone in its file.",
            "Copy the key that was shown when it was made; if it is lost, make another.",
        )
    return text


def signed_in(client: httpx.Client, gateway: str, path: Path) -> SignedIn:
    """What a sign-in would give: the key, and the first mailbox that it opens. GatewayRefused when it opens none."""
    key = read(path)
    answer = client.get(f"{gateway}/api/v1/mailboxes", headers={"Authorization": f"Bearer {key}"})
    if answer.is_error:
        raise GatewayRefused(problem(answer))
    mailboxes = answer.json()["items"]
    if not mailboxes:
        raise GatewayRefused("the API key is good, but its person has no mailbox")
    return SignedIn(key, str(mailboxes[0]["id"]))
