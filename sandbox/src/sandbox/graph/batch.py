"""JSON batching.

Guarantees Graph's rules: at most 20 items with ids of their own, the outer 200 says nothing about the items, items
without dependsOn start together and each needs a slot of the mailbox (so that more than 4 are throttled one by one),
and an item whose dependency failed is 424. A batch whose connection is cut stops where it is: what was not started is
not done.
"""

import asyncio
import dataclasses
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from sandbox.graph import error
from sandbox.graph.exchange import Answer, Call
from sandbox.graph.service import JSON, Service

LARGEST_BATCH = 20  # Graph: JSON batching
FAILED = 400  # a status from here on
KEYS = {"id", "method", "url", "headers", "body", "dependsOn"}


@dataclasses.dataclass(frozen=True, slots=True)
class Item:
    """One request in a batch."""

    id: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: Any
    depends_on: tuple[str, ...]


async def run(service: Service, call: Call) -> Answer:
    """POST /$batch. One item's cut connection or garbled answer is that of the whole batch."""
    items = parse(call.body)
    service.log.batches += 1
    answers: dict[str, asyncio.Task[Answer]] = {}
    try:
        async with asyncio.TaskGroup() as group:
            for item in items:  # no task runs before all of them are made
                answers[item.id] = group.create_task(_answer(service, call, item, answers))
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return Answer(200, {"responses": [_document(item, answers[item.id].result()) for item in items]})


async def _answer(service: Service, call: Call, item: Item, answers: Mapping[str, asyncio.Task[Answer]]) -> Answer:
    for needed in item.depends_on:
        if (await answers[needed]).status >= FAILED:
            return error.GraphError(424, "FailedDependency", "A request that this one depends on has failed.").answer(
                item.id
            )
    path = urlsplit(item.url)
    if path.scheme or path.netloc or not path.path:
        return error.bad_request("The url of an item is relative to the version.").answer(item.id)
    if item.body is not None and not item.headers.get("content-type", "").startswith(JSON):
        return error.bad_request("Write request has a body but no Content-Type header.").answer(item.id)
    return await service.answer(_call(call, item, path.path, path.query), service.log.batches)


def _call(outer: Call, item: Item, path: str, query: str) -> Call:
    options = dict(parse_qsl(query, keep_blank_values=True))
    path = "/" + unquote(path).lstrip("/")
    return dataclasses.replace(
        outer, method=item.method, path=path, query=options, headers=item.headers, body=item.body
    )


def _document(item: Item, answer: Answer) -> dict[str, Any]:
    headers = {"Cache-Control": "no-cache", **answer.headers}
    if answer.body is not None:
        headers["Content-Type"] = JSON
    return {"id": item.id, "status": answer.status, "headers": headers, "body": answer.body}


def parse(body: Any) -> list[Item]:
    """The items of a batch; GraphError 400 for anything but a well-formed one without circles."""
    requests = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(requests, list) or not requests:
        raise error.bad_request("Invalid batch payload format.")
    if len(requests) > LARGEST_BATCH:
        raise error.bad_request("Number of batch request steps exceeds the maximum value of 20.")
    items = [_item(one) for one in requests]
    _refuse_bad_ids(items)
    return items


def _item(document: Any) -> Item:
    if not isinstance(document, dict) or set(document) - KEYS:
        raise error.bad_request("Invalid batch payload format.")
    headers, depends_on = document.get("headers") or {}, document.get("dependsOn") or []
    if not isinstance(headers, dict) or not isinstance(depends_on, list):
        raise error.bad_request("Invalid batch payload format: headers is an object, dependsOn a list.")
    texts = [document.get("id"), document.get("method"), document.get("url")]
    if not all(isinstance(one, str) and one for one in [*texts, *headers, *headers.values(), *depends_on]):
        raise error.bad_request("Invalid batch payload format: an item has id, method and url.")
    identity, method, url = map(str, texts)
    lower = {name.casefold(): value for name, value in headers.items()}
    return Item(identity, method.upper(), url, lower, document.get("body"), tuple(depends_on))


def _refuse_bad_ids(items: list[Item]) -> None:
    """Ids are unique, letter case aside, and an item depends on items before it only, so that no circle can be."""
    seen: set[str] = set()
    for item in items:
        if item.id.casefold() in {one.casefold() for one in seen}:
            raise error.bad_request("Request ids must be unique in a batch.")
        if not set(item.depends_on) <= seen:
            raise error.bad_request("dependsOn names a request that does not stand before this one.")
        seen.add(item.id)
