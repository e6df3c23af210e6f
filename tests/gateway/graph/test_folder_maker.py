"""Making a folder: one POST by a name, sent once; nothing of the answer but its status is read."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.graph.errors import FolderRefused, GraphUnavailable, NeedsSignIn, Refused, Throttled
from gateway.graph.folder_maker import FolderMaker
from gateway.graph.new_folder import MAX_NAME, Making, NewFolder

TRAVEL = NewFolder("Travel")


def exists() -> dict[str, Any]:
    return {"error": {"code": "ErrorFolderExists", "message": "canary"}}


async def test_a_folder_is_made_by_its_name_and_nothing_else(graph: Any, desk: Any, reply: Any) -> None:
    """At the top, visible, with immutable ids like every call; the answer may hold anything."""
    graph.replies = [reply.of({"id": "canary", "displayName": "canary"}, 201)]
    assert await FolderMaker(desk.transport).make(TRAVEL) is Making.MADE
    (request,) = graph.requests
    assert (request.verb, request.target) == ("POST", "/v1.0/me/mailFolders?$select=id")
    assert request.content == b'{"displayName":"Travel"}'
    assert request.headers["content-type"] == "application/json"
    assert 'IdType="ImmutableId"' in request.headers["prefer"]


@pytest.mark.parametrize("status", [200, 202, 204, 302, 408, 500, 502, 503])
async def test_what_is_not_plainly_made_is_to_be_looked_for(graph: Any, desk: Any, reply: Any, status: int) -> None:
    """Nobody knows whether it is there: it isn't sent again, and the caller reads the folders."""
    graph.replies = [reply.of({}, status)]
    assert await FolderMaker(desk.transport).make(TRAVEL) is Making.UNKNOWN
    assert len(graph.requests) == 1


async def test_one_that_is_there_is_no_error(graph: Any, desk: Any, reply: Any) -> None:
    """Graph's 409 for a name that is taken; any other 409 is one."""
    graph.replies = [reply.of(exists(), 409), reply.of({"error": {"code": "ErrorAccessDenied"}}, 409)]
    assert await FolderMaker(desk.transport).make(TRAVEL) is Making.THERE
    with pytest.raises(Refused):
        await FolderMaker(desk.transport).make(TRAVEL)


async def test_a_broken_connection_after_sending_is_to_be_looked_for(graph: Any, desk: Any, reply: Any) -> None:
    """It may have been made."""
    graph.replies = [reply(then="reset")]
    assert await FolderMaker(desk.transport).make(TRAVEL) is Making.UNKNOWN


@pytest.mark.parametrize(("status", "error"), [(400, Refused), (401, NeedsSignIn), (403, Refused), (429, Throttled)])
async def test_what_was_refused_was_not_made(
    graph: Any, desk: Any, reply: Any, status: int, error: type[Exception]
) -> None:
    """And the caller hears why."""
    graph.replies = [reply.of({"error": {"code": "ErrorAccessDenied"}}, status)]
    with pytest.raises(error):
        await FolderMaker(desk.transport).make(TRAVEL)


async def test_nobody_there_is_not_made(graph: Any, desk: Any) -> None:
    """A connection that never came about."""
    await graph.stop()
    with pytest.raises(GraphUnavailable):
        await FolderMaker(desk.transport).make(TRAVEL)


@pytest.mark.parametrize(
    "name", ["", " Travel", "Travel ", "Tra\nvel", "Tra\0vel", "\u202eTravel", "a" * (MAX_NAME + 1)]
)
def test_what_is_no_name_makes_no_folder(name: str) -> None:
    """Outlook would show something else than what is written."""
    with pytest.raises(FolderRefused):
        NewFolder(name)


@given(st.text())
def test_a_new_folder_is_silent(name: str) -> None:
    """Names stay out of logs."""
    try:
        assert "name" not in repr(NewFolder(name))
    except FolderRefused:
        assert name != "Travel"


async def test_a_duck_is_no_new_folder(desk: Any) -> None:
    """Checked at run time too."""
    with pytest.raises(TypeError):
        await desk.transport.post_folder(type("Duck", (), {"content": b"{}"})())
