"""Microsoft's own SDK, and Microsoft's own metadata, judge the sandbox's answers.

The second judge is a JSON Schema derived from Graph's metadata; it is not part of this repository. Where
MAIL_ORGANISER_SHARED names the folder that holds it, answers are validated against it as well.
"""

import json
import os
import ssl
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from sandbox.testing import RunningSandbox

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # the SDK's parts warn about each other when imported
    from kiota_abstractions.authentication import (
        AccessTokenProvider,
        AllowedHostsValidator,
        BaseBearerTokenAuthenticationProvider,
    )
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from kiota_abstractions.serialization import Parsable
    from msgraph import GraphRequestAdapter, GraphServiceClient
    from msgraph.generated.models.mail_folder import MailFolder
    from msgraph.generated.users.item.mail_folders.item.messages.messages_request_builder import MessagesRequestBuilder
    from msgraph.generated.users.item.messages.item.move.move_post_request_body import MovePostRequestBody
    from msgraph.graph_request_adapter import options as sdk_options
    from msgraph_core import GraphClientFactory

# The SDK loads its parts on first use, and they warn about each other.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

Deliver = Callable[..., list[str]]
Query = MessagesRequestBuilder.MessagesRequestBuilderGetQueryParameters
SHARED = os.environ.get("MAIL_ORGANISER_SHARED")


class Token(AccessTokenProvider):
    """Hands the SDK a token that we have."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def get_authorization_token(self, uri: str, additional_authentication_context: Any = None) -> str:  # noqa: ARG002  # the SDK's signature
        return self._token

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        return AllowedHostsValidator(["localhost"])


@pytest.fixture
async def sdk(sandbox: RunningSandbox, bearer: str) -> AsyncIterator[GraphServiceClient]:
    """Microsoft's Graph client, pointed at the sandbox."""
    trust = ssl.create_default_context(cafile=str(sandbox.authority))
    transport = httpx.AsyncHTTPTransport(verify=trust, trust_env=False)
    http = httpx.AsyncClient(transport=transport, trust_env=False)
    client = GraphClientFactory.create_with_default_middleware(client=http, options=sdk_options)
    adapter = GraphRequestAdapter(BaseBearerTokenAuthenticationProvider(Token(bearer)), client)
    adapter.base_url = sandbox.graph
    yield GraphServiceClient(request_adapter=adapter)
    await client.aclose()
    await transport.aclose()  # the SDK wraps it and forgets to


def unknown(model: object) -> Iterator[str]:
    """Names of fields that Microsoft's models don't know, anywhere below `model`."""
    if isinstance(model, list):
        for one in model:
            yield from unknown(one)
    if isinstance(model, Parsable):
        yield from (name for name in getattr(model, "additional_data", {}) if not name.startswith("@odata."))
        for value in vars(model).values():
            yield from unknown(value)


async def test_sdk_lists_pages_and_reads(sdk: GraphServiceClient, deliver: Deliver) -> None:
    """Microsoft's client lists folders, follows nextLinks and reads a whole message; its models know every field."""
    deliver(5, list_id="<news.example.test>", recipients=[{"name": "Bo", "address": "bo@example.test"}])
    folders = await sdk.me.mail_folders.get()
    named = "String {00020386-0000-0000-C000-000000000046} Name list-id"
    expand = [f"singleValueExtendedProperties($filter=id eq '{named}')"]
    wanted = Query(top=2, select=["subject", "from", "receivedDateTime"], expand=expand)
    asked = RequestConfiguration(query_parameters=wanted)
    page = await sdk.me.mail_folders.by_mail_folder_id("inbox").messages.get(asked)
    assert folders
    assert page
    assert page.value
    assert page.odata_next_link
    assert [each.value for each in page.value[0].single_value_extended_properties or ()] == ["<news.example.test>"]
    following = await sdk.me.mail_folders.by_mail_folder_id("inbox").messages.with_url(page.odata_next_link).get()
    assert following
    assert following.value
    whole = await sdk.me.messages.by_message_id(str(page.value[0].id)).get()
    assert whole
    assert whole.body
    assert whole.from_
    assert whole.received_date_time
    assert {one.id for one in page.value}.isdisjoint({one.id for one in following.value})
    assert list(unknown([folders, page, following, whole])) == []


async def test_sdk_moves_and_creates(sandbox: RunningSandbox, sdk: GraphServiceClient, deliver: Deliver) -> None:
    """Microsoft's client makes a folder and moves a message into it."""
    (one,) = deliver()
    made = await sdk.me.mail_folders.post(MailFolder(display_name="Made by the SDK"))
    assert made
    moved = await sdk.me.messages.by_message_id(one).move.post(MovePostRequestBody(destination_id=made.id))
    assert moved
    assert moved.parent_folder_id == made.id
    assert list(unknown([made, moved])) == []
    state = sandbox.control("GET", "/state")["messages"]
    assert [row["folder_id"] for row in state if row["immutable_id"] == one] == [made.id]


async def test_sdk_follows_delta(sdk: GraphServiceClient, deliver: Deliver) -> None:
    """Microsoft's client walks a delta round and a removal."""
    (one,) = deliver(folder="SDK delta")
    folders = await sdk.me.mail_folders.by_mail_folder_id("msgfolderroot").child_folders.get()
    assert folders
    assert folders.value
    ids = {folder.display_name: folder.id for folder in folders.value}
    delta = sdk.me.mail_folders.by_mail_folder_id(str(ids["SDK delta"])).messages.delta
    first = await delta.get()
    assert first
    assert first.value
    assert first.odata_delta_link
    await sdk.me.messages.by_message_id(one).move.post(MovePostRequestBody(destination_id="archive"))
    later = await delta.with_url(first.odata_delta_link).get()
    assert later
    assert later.value
    assert [message.additional_data["@removed"] for message in later.value] == [{"reason": "deleted"}]
    assert list(unknown(first)) == []


async def test_sdk_me_and_settings(sdk: GraphServiceClient) -> None:
    """Microsoft's models know every field of the owner and the settings."""
    me, settings = await sdk.me.get(), await sdk.me.mailbox_settings.get()
    assert me
    assert settings
    assert me.user_principal_name == "owner@sandbox.test"
    assert settings.time_zone
    assert list(unknown([me, settings])) == []


def validator(name: str) -> Draft202012Validator | None:
    """Graph's metadata for a type, where it is at hand."""
    if SHARED is None:
        return None
    schema = json.loads((Path(SHARED) / "data" / "graph" / "mail.schema.json").read_text(encoding="utf-8"))
    return Draft202012Validator(schema | {"$ref": f"#/$defs/microsoft.graph.{name}"})


def judge(name: str, answer: Any) -> list[str]:
    """What Graph's metadata holds against an answer; what Microsoft's model doesn't know of it."""
    from kiota_serialization_json.json_parse_node import JsonParseNode
    from msgraph.generated.models.mailbox_settings import MailboxSettings
    from msgraph.generated.models.message import Message

    models: dict[str, Any] = {"message": Message, "mailFolder": MailFolder, "mailboxSettings": MailboxSettings}
    found = list(unknown(JsonParseNode(answer).get_object_value(models[name])))
    schema = validator(name)
    return found if schema is None else found + [error.message for error in schema.iter_errors(answer)]


def test_every_answer_is_what_the_metadata_says(graph: httpx.Client, deliver: Deliver) -> None:
    """Messages (read, listed, moved, delta), folders and settings hold known fields of the right types only."""
    (one,) = deliver(recipients=[{"name": "Bo", "address": "bo@example.test"}])
    deliver(sender_name="", sender_address="")
    messages = [graph.get(f"/me/messages/{one}").json()]
    messages += graph.get("/me/mailFolders/inbox/messages").json()["value"]
    messages += graph.get("/me/mailFolders/inbox/messages/delta").json()["value"]
    messages += [graph.post(f"/me/messages/{one}/move", json={"destinationId": "archive"}).json()]
    folders = graph.get("/me/mailFolders", params={"includeHiddenFolders": "true"}).json()["value"]
    folders += [graph.post("/me/mailFolders", json={"displayName": "Judged"}).json()]
    assert [judge("message", answer) for answer in messages] == [[]] * len(messages)
    assert [judge("mailFolder", answer) for answer in folders] == [[]] * len(folders)
    assert judge("mailboxSettings", graph.get("/me/mailboxSettings").json()) == []


def test_the_judge_can_say_no() -> None:
    """A field that Microsoft doesn't know is found."""
    assert judge("message", {"id": "x", "subjekt": "typo"})[0] == "subjekt"
