"""Microsoft as it can be seen without a person: clock, sign-in service, the application's own proof, Graph.

The sign-in is asked through the gateway's own client: what doctor sees is what the gateway will see.
"""

import asyncio
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final

import httpx

from chassis.errors import StartRefused, Unavailable
from cli.checks.found import Found, fail, ok, unknown, warn
from cli.registration import GRAPH, Registration
from gateway.identity.authority import AuthorityInvalid, read_metadata
from gateway.identity.id_token import LEEWAY_S
from gateway.identity.microsoft import DISCOVERY, Microsoft, MicrosoftSettings
from gateway.identity.refusal import SENTENCES, SignInReason

TIMEOUT: Final = 10.0
CLOCK, LOGIN, PROOF, GRAPH_NAME = "Clock", "Microsoft sign-in", "Proof of the application", "Microsoft Graph"
_UNREACHABLE: Final = "Look at the network, the proxy and the firewall: https to {host} must be possible from here."
_OTHERWISE: Final = "Set microsoft.authority to its address with the directory's id, as the portal shows it."


def of_registration(registration: Registration) -> list[Found]:
    """All of them, for a registration that was read or is to be."""
    return of_settings(MicrosoftSettings.model_validate(registration.microsoft), GRAPH, None)


def of_settings(settings: MicrosoftSettings, graph: str, graph_authority: Path | None) -> list[Found]:
    """All of them, for the gateway's settings."""
    answer = _get(f"{settings.authority.rstrip('/')}{DISCOVERY}", settings.authority_ca_file)
    found = [login(settings.authority, answer), clock(answer, datetime.now(UTC))]
    found.append(asyncio.run(_proof(settings)) if isinstance(answer, httpx.Response) else unknown(PROOF, "not asked"))
    return [*found, _graph(graph, _get(f"{graph}/me", graph_authority))]


def _get(url: str, authority: Path | None) -> httpx.Response | httpx.HTTPError:
    context = ssl.create_default_context(cafile=str(authority) if authority else None)
    try:
        return httpx.get(url, verify=context, trust_env=False, timeout=TIMEOUT)
    except httpx.HTTPError as error:
        return error


def login(authority: str, answer: httpx.Response | httpx.HTTPError) -> Found:
    """What the authority answers about itself, as the gateway will judge it."""
    host = httpx.URL(authority).host
    if isinstance(answer, httpx.HTTPError):
        return fail(LOGIN, f"{host} can't be reached ({type(answer).__name__}).", _UNREACHABLE.format(host=host))
    if answer.status_code != httpx.codes.OK:
        return fail(LOGIN, f"{host} does not know this directory.", "Check the tenant id; `connect` asks for it again.")
    try:
        read_metadata(answer.content, authority)
    except AuthorityInvalid as invalid:
        return fail(LOGIN, f"{host} is refused: {invalid}.", _OTHERWISE)
    return ok(LOGIN, f"{host} answers for this directory")


def clock(answer: httpx.Response | httpx.HTTPError, now: datetime) -> Found:
    """The machine's clock against the Date of an answer: tokens are refused when they differ too much."""
    try:
        theirs: Any = None if isinstance(answer, httpx.HTTPError) else parsedate_to_datetime(answer.headers["date"])
    except (KeyError, ValueError):
        theirs = None
    if theirs is None:
        return unknown(CLOCK, "nobody answered who would know the time")
    off = round(abs((now - theirs).total_seconds()))
    if off > LEEWAY_S:
        return fail(CLOCK, f"it is {off} s off, and sign-ins are refused.", "Let the system keep time by NTP.")
    if off > LEEWAY_S // 4:
        return warn(CLOCK, f"it is {off} s off; {LEEWAY_S} s are too many.", "Let the system keep time by NTP.")
    return ok(CLOCK, f"within {max(off, 1)} s of Microsoft's")


async def _proof(settings: MicrosoftSettings) -> Found:
    try:
        client = Microsoft(settings)
    except (StartRefused, OSError, ValueError):
        return fail(PROOF, "its certificate or secret can't be read.", "Run `mail-organiser connect` again.")
    try:
        refused = await client.credential()
    except Unavailable:
        return unknown(PROOF, "Microsoft did not answer this", "Try again in a minute.")
    finally:
        client.close()
    if refused is SignInReason.REGISTRATION_WRONG:
        told = "Microsoft refuses it: unknown client id, or a certificate or secret that it does not have."
        return fail(PROOF, told, "Compare the ids, and upload the .cer file (or renew the secret) in the portal.")
    return ok(PROOF, "not refused") if refused is None else unknown(PROOF, SENTENCES[refused])


def _graph(graph: str, answer: httpx.Response | httpx.HTTPError) -> Found:
    host = httpx.URL(graph).host
    if isinstance(answer, httpx.HTTPError):
        return fail(GRAPH_NAME, f"{host} can't be reached ({type(answer).__name__}).", _UNREACHABLE.format(host=host))
    if answer.status_code != httpx.codes.UNAUTHORIZED:  # what Graph says to a call without a token
        told = f"{host} answers like something else ({answer.status_code})."
        return fail(GRAPH_NAME, told, "Is a proxy or a sign-in page of the network between?")
    return ok(GRAPH_NAME, f"{host} answers")
