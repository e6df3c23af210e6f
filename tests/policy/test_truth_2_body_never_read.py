"""Truth 2: the body is never read.

The sandbox marks every field that we don't select with a canary, answers moves with whole messages although we asked
for less, and hands out links to elsewhere. tests/gateway/graph holds the same against a Graph that offers bodies.
"""

from typing import Any

import pytest

READ = "id,parentFolderId,subject,from,toRecipients,ccRecipients,receivedDateTime,isDraft,conversationId,flag"
SENT = "id,toRecipients"
FOLDER = "id,displayName,parentFolderId,childFolderCount,totalItemCount,isHidden"
PLACE = "id,parentFolderId"
LIST = "singleValueExtendedProperties($filter=id eq 'String {00020386-0000-0000-C000-000000000046} Name list-id')"
DELTA = "/me/mailFolders/{folder}/messages/delta"
# Every call that may be made of Graph, with the one $select that it may ask for.
ALLOWED = {
    ("GET", "/me"): {"id"},
    ("GET", "/me/mailFolders"): {FOLDER},
    ("POST", "/me/mailFolders"): {"id"},
    ("GET", "/me/mailFolders/{folder}"): {FOLDER},
    ("GET", "/me/mailFolders/{folder}/childFolders"): {FOLDER},
    ("GET", "/me/mailFolders/{folder}/messages"): {SENT},
    ("GET", DELTA): {READ, None},  # None: a next page, whose link carries the first one's $select
    ("GET", "/me/messages/{message}"): {READ, PLACE},
    ("POST", "/$batch"): {None},  # the envelope; what is in it is listed call by call
    ("POST", "/me/messages/{message}/move"): {PLACE},
}


def test_no_canary_is_anywhere(whole_run: Any) -> None:
    """Bodies, previews, headers, attachments: nothing in files, logs, spans, metrics, answers, or peers' bytes."""
    house = whole_run.house
    stem = house.control("GET", "/canaries")["stem"].encode()
    kept = {
        str(path): path.read_bytes() for folder in ("data", "logs") for path in (house.place.root / folder).iterdir()
    }
    crossed = {name: path.read_bytes() for name, path in house.watch.records.items()}
    answers = {path: body for _, path, _, body in house.watch.answers}
    out = {"spans": b"".join(house.watch.spans), "metrics": house.watch.scraped()}
    assert [name for name, content in (kept | crossed | answers | out).items() if stem in content] == []


def test_every_call_asks_for_what_is_allowed_and_no_more(whole_run: Any) -> None:
    """Known routes only, each with its own $select, immutable ids on every call, inside of batches too."""
    assert {(call["method"], call["route"]) for call in whole_run.calls} <= set(ALLOWED)
    for call in whole_run.calls:
        assert call["options"].get("$select") in ALLOWED[call["method"], call["route"]], call
        wanted = LIST if call["options"].get("$select") == READ else None  # one header of a message, the List-Id
        assert call["options"].get("$expand") == wanted, call
        assert not {"$search", "$filter"} & set(call["options"]), call
        assert 'IdType="ImmutableId"' in call["headers"].get("prefer", ""), call
    assert any(call["route"].endswith("/move") and call["batch"] is not None for call in whole_run.calls)


def test_a_page_without_select_is_one_that_goes_on(whole_run: Any) -> None:
    """Only a next page may leave $select out, and then it carries Graph's own token."""
    bare = [call for call in whole_run.calls if call["route"] == DELTA and "$select" not in call["options"]]
    assert all("$skiptoken" in call["options"] for call in bare)


@pytest.mark.parametrize(
    "link",
    [
        "https://graph.sandbox.invalid/v1.0/me/mailFolders/inbox/messages/delta?$skiptoken=stolen",
        "{url}/v1.0/me/mailFolders/inbox/messages?$skiptoken=x&$select=body",
        "{url}/v1.0/me/messages/x?$select=body",
        "{url}/v1.0/me/mailFolders/{inbox}/messages?$skiptoken=x",
        "{url}/v1.0/me/mailFolders/inbox/messages/delta?$skiptoken=x",
        "{url}@graph.sandbox.invalid/v1.0/me/mailFolders/{inbox}/messages/delta?$skiptoken=x",
        "{url}/v1.0/me/mailFolders/{inbox}/messages/delta?$skiptoken=x&$expand=attachments",
        "{url}/v1.0/me/mailFolders/{inbox}/messages/delta?$skiptoken=x&$expand=singleValueExtendedProperties",
        "{http}/v1.0/me/mailFolders/{inbox}/messages/delta?$skiptoken=x",
    ],
)
def test_a_link_to_elsewhere_is_not_followed(watched: Any, link: str) -> None:
    """Another host, collection, message, user part, scheme or a wider query: the scan fails, nothing is sent there."""
    url = f"https://127.0.0.1:{watched.ports.sandbox}"
    state = watched.control("GET", "/state")["folders"]
    inbox = next(one["id"] for one in state if one["well_known"] == "inbox" and one["user"] == "you@sandbox.test")
    watched.control("DELETE", "/requests")
    foreign = link.format(url=url, http=url.replace("https", "http"), inbox=inbox)
    with watched.faulty({"fault": "foreign_next_link", "nth": [1], "link": foreign, "route": f"GET {DELTA}"}):
        failed = watched.scan_of("inbox")
    assert (failed["state"], failed["error_code"], failed["done"]) == ("failed", "link_refused", 0)
    calls = watched.control("GET", "/requests")["requests"]
    assert not any("$skiptoken" in call["options"] or call["route"] == "(none)" for call in calls)
