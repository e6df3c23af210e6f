"""`mail-organiser api-key`: makes, lists and revokes API keys, signed in as the person whose they are.

Signing in works where the authority's pages need no typing, as the sandbox's (cli.sign_in). A new key goes to stdout
alone, once, for a file or a pipe.
"""

import ssl
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

from cli.ending import ending
from cli.exit_code import ExitCode
from cli.gateway_client import GatewayRefused
from cli.problem import problem
from cli.report import Report
from cli.sign_in import SignInFailed, sign_in
from cli.untrusted import visible

ROUTE = "/api/v1/api-keys"
TIMEOUT = 60.0  # of one request

Ask = Callable[..., Any]  # method, path and httpx's arguments -> what the answer's JSON holds


def make(gateway: str, authority: Path, wanted: Mapping[str, object]) -> ExitCode:
    """Prints a new key. wanted: what the API is sent, as docs/reference/rest.md has it."""

    def work(ask: Ask, report: Report) -> None:
        made = ask("POST", ROUTE, json=dict(wanted))
        sys.stdout.write(f"{made['key']}\n")
        report.say(f"{made['id']} may {', '.join(made['scopes'])} until {made['expires_at']}; it is not shown again")

    return _signed_in(gateway, authority, work)


def show(gateway: str, authority: Path) -> ExitCode:
    """Prints the person's keys, without the keys themselves: id, end, last use, scopes, name; oldest first."""

    def work(ask: Ask, _: Report) -> None:
        for key in ask("GET", ROUTE)["items"]:
            used = key["last_used_on"] or "never used"
            line = (key["id"], key["expires_at"], used, ",".join(key["scopes"]), visible(key["name"]))
            sys.stdout.write("  ".join(line) + "\n")

    return _signed_in(gateway, authority, work)


def revoke(gateway: str, authority: Path, key_id: str) -> ExitCode:
    """Ends a key."""

    def work(ask: Ask, report: Report) -> None:
        ask("DELETE", f"{ROUTE}/{key_id}")
        report.say(f"{key_id} opens nothing any more")

    return _signed_in(gateway, authority, work)


def _signed_in(gateway: str, authority: Path, work: Callable[[Ask, Report], None]) -> ExitCode:
    report = Report()

    def run() -> ExitCode:
        context = ssl.create_default_context(cafile=str(authority))
        with httpx.Client(base_url=gateway, verify=context, trust_env=False, timeout=TIMEOUT) as http:
            token = sign_in(http, gateway)["access_token"]
            work(lambda *request, **options: _asked(http, str(token), *request, **options), report)
        return ExitCode.DONE

    return ending(report, run, (GatewayRefused, SignInFailed, httpx.HTTPError))


def _asked(http: httpx.Client, token: str, method: str, path: str, **options: Any) -> Any:
    answer = http.request(method, path, headers={"Authorization": f"Bearer {token}"}, **options)
    if answer.is_error:
        raise GatewayRefused(problem(answer))
    return answer.json() if answer.content else None
