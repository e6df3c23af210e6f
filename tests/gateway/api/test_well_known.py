"""What stands under /.well-known, and what a problem's type leads to."""

import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI
from pydantic import ValidationError

from gateway.api import problem_pages, well_known
from gateway.disclosure import Disclosure
from gateway.edge import problems

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
URL = "https://mail.example.org"


async def asked(path: str, disclosure: Disclosure | None = None) -> httpx.Response:
    app = FastAPI(openapi_url=None)
    app.include_router(well_known.router(disclosure, URL, now=NOW))
    app.include_router(problem_pages.router)
    problems.install(app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=URL) as client:
        return await client.get(path)


async def test_the_operators_contact_is_published_as_rfc_9116_wants() -> None:
    """One Expires under a year, at least one Contact, the canonical address, plain text."""
    operators = Disclosure(contacts=("mailto:security@example.org", "https://example.org/report"))
    answer = await asked("/.well-known/security.txt", operators)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    fields = [line.split(": ", 1) for line in answer.text.splitlines()]
    assert [value for name, value in fields if name == "Contact"] == list(operators.contacts)
    assert [value for name, value in fields if name == "Canonical"] == [f"{URL}/.well-known/security.txt"]
    (expires,) = [datetime.fromisoformat(value) for name, value in fields if name == "Expires"]
    assert timedelta(days=30) < expires - NOW < timedelta(days=365)


async def test_no_contact_is_made_up() -> None:
    """What only the operator can know is absent until they say it."""
    answer = await asked("/.well-known/security.txt")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "contact", ["security@example.org", "http://example.org", "mailto:a\nExpires: never", "", "x:y"]
)
def test_a_contact_that_is_none_stops_the_start(contact: str) -> None:
    """Nor can a setting write a second field."""
    with pytest.raises(ValidationError):
        Disclosure(contacts=(contact,))


async def test_a_program_finds_the_description_of_the_api() -> None:
    """RFC 9727: from the host alone to the description."""
    answer = await asked("/.well-known/api-catalog")
    assert answer.headers["content-type"] == "application/linkset+json"
    (entry,) = answer.json()["linkset"]
    assert entry["service-desc"] == [{"href": f"{URL}/api/v1/openapi.json", "type": "application/json"}]


async def test_a_problems_type_leads_to_words() -> None:
    """Whoever follows it reads what the error means; an unknown code is a 404 that repeats nothing."""
    answer = await asked("/problems/precondition_failed")
    assert re.match(r"412 Revision is out of date\n\n\w", answer.text)
    absent = await asked("/problems/%3Cscript%3E")
    assert (absent.status_code, "script" in absent.text) == (404, False)
