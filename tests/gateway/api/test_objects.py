"""The table of object-level authorisation can't be gone around: an application with a route beside it isn't built."""

from dataclasses import fields
from typing import Any

import pytest
from fastapi import APIRouter

from gateway import app
from gateway.api.context import Mailbox
from gateway.api.objects import OWNER, Unowned, refuse_unowned


async def owned(mailbox_id: Mailbox) -> None: ...


async def unasked(mailbox_id: str) -> None: ...


async def stranger(mailbox: Mailbox, secret_id: str) -> None: ...


def application(path: str, route: Any) -> list[APIRouter]:
    router = APIRouter()
    router.add_api_route(path, route)
    return [router]


def test_a_route_that_asks_whose_it_is_stands() -> None:
    """The way that all of ours go."""
    refuse_unowned(application("/mailboxes/{mailbox_id}", owned))


def test_a_route_that_does_not_ask_is_refused() -> None:
    """A mailbox's id in a path, and nobody looks whose it is."""
    with pytest.raises(Unowned, match="doesn't ask whose"):
        refuse_unowned(application("/mailboxes/{mailbox_id}", unasked))


def test_a_name_without_an_owner_is_refused() -> None:
    """A new kind of id comes into the table, or the gateway doesn't start."""
    with pytest.raises(Unowned, match="secret_id"):
        refuse_unowned(application("/mailboxes/{mailbox_id}/secrets/{secret_id}", stranger))
    assert "secret_id" not in OWNER


def test_the_application_itself_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one name less in the table, it isn't built: all routes that it includes are walked."""
    parts: Any = dict.fromkeys(field.name for field in fields(app.Parts))
    for name in list(OWNER):
        with monkeypatch.context() as without:
            without.delitem(OWNER, name)
            with pytest.raises(Unowned, match=name):
                app.build(app.Parts(**parts))
    app.build(app.Parts(**parts))
