"""Reading and moving messages, where Graph bites."""

from collections.abc import Callable

import httpx
import pytest

from sandbox.testing import RunningSandbox

Deliver = Callable[..., list[str]]
MakeFolder = Callable[[str], str]
CANARY_FIELDS = {"body", "bodyPreview", "uniqueBody", "internetMessageHeaders", "webLink", "bccRecipients", "replyTo"}


def default_id(sandbox: RunningSandbox, immutable_id: str) -> str:
    state = sandbox.control("GET", "/state")["messages"]
    return next(one["id"] for one in state if one["immutable_id"] == immutable_id)


def where(sandbox: RunningSandbox, immutable_id: str) -> tuple[str, int]:
    state = sandbox.control("GET", "/state")["messages"]
    return next((one["folder_id"], one["moves"]) for one in state if one["immutable_id"] == immutable_id)


def test_every_answer_says_sandbox(sandbox: RunningSandbox, graph: httpx.Client) -> None:
    """Graph's answers, its errors, the authority's and unknown paths carry the mark."""
    paths = ["/v1.0/me", "/nothing/here", f"/{sandbox.settings['tenant_id']}/discovery/v2.0/keys", "/control/state"]
    answers = [graph.get(f"{sandbox.url}{path}") for path in paths]
    assert [answer.status_code for answer in answers] == [200, 404, 200, 401]
    assert {answer.headers["x-mail-organiser-mode"] for answer in answers} == {"sandbox"}


def test_a_page_holds_ten_unless_more_are_asked_for(graph: httpx.Client, deliver: Deliver, folder: MakeFolder) -> None:
    """Graph's page is 10 by default and at most 1000; the nextLink leads through all, once each, newest first."""
    place = folder("Paging")
    ids = deliver(23, folder="Paging")
    page = graph.get(f"/me/mailFolders/{place}/messages", params={"$select": "id"}).json()
    assert len(page["value"]) == 10
    seen = [one["id"] for one in page["value"]]
    while "@odata.nextLink" in page:
        page = graph.get(page["@odata.nextLink"]).json()
        seen += [one["id"] for one in page["value"]]
    assert seen == ids[::-1]
    assert graph.get(f"/me/mailFolders/{place}/messages", params={"$top": "1001"}).status_code == 400
    assert len(graph.get(f"/me/mailFolders/{place}/messages", params={"$top": "1000"}).json()["value"]) == 23


def test_links_are_whole_and_opaque(
    sandbox: RunningSandbox, graph: httpx.Client, deliver: Deliver, folder: MakeFolder
) -> None:
    """A nextLink is a full https URL that shows no $skip, and a made-up token is refused."""
    place = folder("Opaque")
    deliver(3, folder="Opaque")
    path = f"/me/mailFolders/{place}/messages"
    link = graph.get(path, params={"$top": "2", "$select": "id"}).json()["@odata.nextLink"]
    assert link.startswith(f"{sandbox.url}/v1.0{path}?$skiptoken=")
    assert "$skip=" not in link
    assert graph.get(f"{path}?$skiptoken=made-up").status_code == 400


def test_select_is_kept_to(graph: httpx.Client, deliver: Deliver) -> None:
    """What was selected comes, with the id, and nothing else; an unknown property is refused."""
    (one,) = deliver()
    selected = graph.get(f"/me/messages/{one}", params={"$select": "subject,from"}).json()
    assert set(selected) == {"@odata.etag", "id", "subject", "from"}
    assert graph.get(f"/me/messages/{one}", params={"$select": "subjekt"}).status_code == 400


@pytest.mark.parametrize("option", ["$filter", "$search", "$expand"])
def test_an_option_that_is_not_served_is_refused(graph: httpx.Client, option: str) -> None:
    """An option that the sandbox would ignore is an error: a client must not believe that it works."""
    assert graph.get("/me/mailFolders/inbox/messages", params={option: "x"}).status_code == 400


def test_without_select_every_canary_is_served(sandbox: RunningSandbox, graph: httpx.Client, deliver: Deliver) -> None:
    """A read, and a move, that select nothing answer with the whole message, each content field with its canary."""
    (one,) = deliver()
    canaries = sandbox.control("GET", "/canaries")
    mine = canaries["canaries"][one]
    read = graph.get(f"/me/messages/{one}", params={"$expand": "attachments"}).json()
    moved = graph.post(f"/me/messages/{one}/move", json={"destinationId": "archive"}).json()
    for answer in (read, moved):
        for field in CANARY_FIELDS:
            assert mine[field] in str(answer[field])
            assert canaries["stem"] in mine[field]


SET = "String {00020386-0000-0000-C000-000000000046} Name"


@pytest.mark.parametrize("path", ["/me/mailFolders/inbox/messages", "/me/mailFolders/inbox/messages/delta"])
def test_a_named_property_comes_where_a_message_has_it(graph: httpx.Client, deliver: Deliver, path: str) -> None:
    """Of a page only messages with a List-Id carry the list of properties; the set's GUID comes back in lower case."""
    (without,), (one,) = deliver(), deliver(list_id="Letters <letters.example>")
    params = {"$select": "subject", "$expand": f"singleValueExtendedProperties($filter=id eq '{SET} list-id')"}
    found = {entry["id"]: entry for entry in graph.get(path, params=params | {"$top": "1000"}).json()["value"]}
    (held,) = found[one]["singleValueExtendedProperties"]
    assert held == {"id": f"{SET.replace('-C000', '-c000')} list-id", "value": "Letters <letters.example>"}
    assert "singleValueExtendedProperties" not in found[without]


def test_a_next_page_still_expands(graph: httpx.Client, deliver: Deliver) -> None:
    """Query options are in the link's token."""
    ids = [deliver(list_id="<letters.example>")[0] for _ in range(3)]
    params = {"$top": "1", "$expand": f"singleValueExtendedProperties($filter=id eq '{SET} list-id')"}
    page = graph.get("/me/mailFolders/inbox/messages/delta", params=params).json()
    following = graph.get(page["@odata.nextLink"]).json()
    assert following["value"][0]["id"] in ids
    assert following["value"][0]["singleValueExtendedProperties"]


@pytest.mark.parametrize("name", [f"{SET} received", "String 0x007D", "String 0x1000"])
def test_any_other_named_property_is_a_canary(
    sandbox: RunningSandbox, graph: httpx.Client, deliver: Deliver, name: str
) -> None:
    """Other headers, all of them at once, the body: who expands more than the List-Id meets a canary."""
    (one,) = deliver(list_id="<letters.example>")
    mine = sandbox.control("GET", "/canaries")["canaries"][one]["singleValueExtendedProperties"]
    expand = f"singleValueExtendedProperties($filter=id eq '{SET} list-id' or id eq '{name}')"
    answer = graph.get(f"/me/messages/{one}", params={"$expand": expand}).json()
    assert [each["value"] for each in answer["singleValueExtendedProperties"]] == ["<letters.example>", mine]


@pytest.mark.parametrize(
    "expand", ["singleValueExtendedProperties", "singleValueExtendedProperties($filter=id ne 'x')"]
)
def test_named_properties_are_expanded_by_id_only(graph: httpx.Client, deliver: Deliver, expand: str) -> None:
    """Graph has no way to ask for all of them."""
    (one,) = deliver()
    assert (
        graph.get(f"/me/messages/{one}", params={"$expand": f"singleValueExtendedProperties{expand}"}).status_code
        == 400
    )


def test_attachment_names_hold_canaries(sandbox: RunningSandbox, graph: httpx.Client, deliver: Deliver) -> None:
    """Who expands attachments meets a canary in their names."""
    ids = deliver(5)
    canaries = sandbox.control("GET", "/canaries")["canaries"]
    answers = [graph.get(f"/me/messages/{one}", params={"$expand": "attachments"}).json() for one in ids]
    (holder,) = [answer for answer in answers if answer["hasAttachments"]]
    assert canaries[holder["id"]]["attachments"] in holder["attachments"][0]["name"]


def test_selected_move_answers_only_what_was_selected(graph: httpx.Client, deliver: Deliver) -> None:
    """$select on the move action keeps the body at home."""
    (one,) = deliver()
    answer = graph.post(
        f"/me/messages/{one}/move", params={"$select": "id,parentFolderId"}, json={"destinationId": "archive"}
    )
    assert answer.status_code == 201
    assert set(answer.json()) == {"@odata.etag", "id", "parentFolderId"}


def test_default_ids_change_on_move_and_immutable_ids_do_not(
    sandbox: RunningSandbox, graph: httpx.Client, deliver: Deliver
) -> None:
    """After a move the old default id is 404 ErrorItemNotFound; the immutable one goes on, and both resolve before."""
    (one,) = deliver()
    before = default_id(sandbox, one)
    assert before != one
    plain = {"Prefer": ""}
    assert graph.get(f"/me/messages/{before}?$select=id").json()["id"] == one
    assert graph.get(f"/me/messages/{one}?$select=id", headers=plain).json()["id"] == before
    moved = graph.post(f"/me/messages/{before}/move?$select=id", json={"destinationId": "archive"}, headers=plain)
    assert moved.json()["id"] == default_id(sandbox, one) != before
    gone = graph.get(f"/me/messages/{before}?$select=id")
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "ErrorItemNotFound")
    assert graph.get(f"/me/messages/{one}?$select=id").json()["id"] == one


def test_ids_are_told_apart_by_case_alone(graph: httpx.Client, deliver: Deliver) -> None:
    """Two messages whose ids differ in the case of one letter are two messages."""
    ids = deliver(50)
    assert ids[48].casefold() == ids[49].casefold()
    subjects = [graph.get(f"/me/messages/{one}?$select=subject").json()["subject"] for one in ids[48:]]
    assert subjects == ["Message 48", "Message 49"]
    assert graph.get(f"/me/messages/{ids[0].swapcase()}?$select=id").status_code == 404


def test_immutable_preference_is_confirmed_only_when_asked(graph: httpx.Client, deliver: Deliver) -> None:
    """Preference-Applied says which ids these are."""
    (one,) = deliver()
    assert graph.get(f"/me/messages/{one}?$select=id").headers["preference-applied"] == 'IdType="ImmutableId"'
    assert "preference-applied" not in graph.get(f"/me/messages/{one}?$select=id", headers={"Prefer": ""}).headers


def test_a_move_needs_content_type_and_destination(
    sandbox: RunningSandbox, graph: httpx.Client, deliver: Deliver
) -> None:
    """415 without Content-Type, 400 without destinationId, 404 for a folder that isn't there; nothing moved."""
    (one,) = deliver()
    path = f"/me/messages/{one}/move"
    statuses = [
        graph.post(path, content=b'{"destinationId": "archive"}').status_code,
        graph.post(path).status_code,
        graph.post(path, json={"destination": "archive"}).status_code,
        graph.post(path, json={"destinationId": "nowhere"}).status_code,
    ]
    assert statuses == [415, 415, 400, 404]
    assert where(sandbox, one)[1] == 0


def test_move_into_the_same_folder_is_a_move(sandbox: RunningSandbox, graph: httpx.Client, deliver: Deliver) -> None:
    """Moving to where it is already gives a new default id and counts: a client must check before it moves."""
    (one,) = deliver()
    folder_id, before = where(sandbox, one)[0], default_id(sandbox, one)
    answer = graph.post(f"/me/messages/{one}/move?$select=id", json={"destinationId": folder_id})
    assert answer.status_code == 201
    assert where(sandbox, one) == (folder_id, 1)
    assert default_id(sandbox, one) != before


@pytest.mark.parametrize("subject", ["lone \ud83d surrogate", "nul \x00 inside", "x" * 10_000, "", "\ufeff\u202e"])
def test_any_subject_survives(graph: httpx.Client, deliver: Deliver, subject: str) -> None:
    """A subject that no database likes comes back as it was sent, in JSON that escapes what it must."""
    (one,) = deliver(subject=subject)
    answer = graph.get(f"/me/messages/{one}?$select=subject")
    assert answer.json()["subject"] == subject
    assert answer.content.isascii()


def test_a_message_without_a_sender_has_none(graph: httpx.Client, deliver: Deliver) -> None:
    """Graph leaves `from` null where nobody is known."""
    (one,) = deliver(sender_name="", sender_address="")
    assert graph.get(f"/me/messages/{one}?$select=from").json()["from"] is None


def test_one_person_never_reaches_anothers_message(sandbox: RunningSandbox, deliver: Deliver) -> None:
    """Another user's token finds neither message nor folder by their ids."""
    (one,) = deliver()
    folder_id = where(sandbox, one)[0]
    other = {"Authorization": f"Bearer {sandbox.access_token('Mail.ReadWrite', user='other@sandbox.test')}"}
    assert sandbox.http("GET", f"/v1.0/me/messages/{one}", other)[0] == 404
    assert sandbox.http("GET", f"/v1.0/me/mailFolders/{folder_id}", other)[0] == 404


def test_a_flag_and_whom_a_sent_message_went_to(sandbox: RunningSandbox, graph: httpx.Client) -> None:
    """The owner's follow-up flag stands in an object of its own; Sent Items are found by their well-known name."""
    base = {"subject": "s", "sender_name": "You", "sender_address": "you@sandbox.test"}
    recipients = [{"name": "Ann", "address": "ann@x.test"}]
    mail = {**base, "received_at": "2026-01-02T03:04:05+00:00", "recipients": recipients, "folder": "Sent Items"}
    sandbox.control("POST", "/messages", {"messages": [mail, {**mail, "flagged": True}]})
    wanted = {"$select": "flag,toRecipients", "$top": "2", "$orderby": "receivedDateTime desc"}
    found = graph.get("/me/mailFolders/sentitems/messages", params=wanted).json()["value"]
    assert [one["flag"] for one in found] == [{"flagStatus": "flagged"}, {"flagStatus": "notFlagged"}]
    assert found[0]["toRecipients"] == [{"emailAddress": {"name": "Ann", "address": "ann@x.test"}}]
