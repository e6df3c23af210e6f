"""HTTP to Call and Answer to HTTP, for everything under /v1.0."""

import asyncio
import dataclasses
import json
import uuid
from collections.abc import Callable, Coroutine
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.connection import CONNECTION, TRANSPORT, cut
from sandbox.faults import BATCH, Fault
from sandbox.graph import batch, bearer, error
from sandbox.graph.exchange import Answer, Call, ConnectionCut, Garbled
from sandbox.graph.service import JSON, Service, before, delay
from sandbox.request_log import Logged, headers_of

CONTENT_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
LARGEST_BODY = 4 * 1024 * 1024  # bytes; Graph's limit for a request
GARBAGE = b'{"@odata.context": "https://graph", "value": [{"id": "AAMk'
BATCH_PATH = "/$batch"


def handler(service: Service) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    """The ASGI endpoint of Graph."""

    async def handle(request: Request) -> Response:
        request_id = str(uuid.uuid4())
        try:
            answer = await _answer(service, request)
        except error.GraphError as failed:
            answer = failed.answer(request_id)
        except Garbled:
            return Response(GARBAGE, 200, media_type=JSON)
        except ConnectionCut:
            return await _cut(request)
        return _response(request, answer, request_id)

    return handle


async def _answer(service: Service, request: Request) -> Answer:
    account, scopes = bearer.caller(service.office, request.headers.get("authorization", ""))
    call = Call(
        method=request.method,
        path=request.scope["path"].removeprefix("/v1.0"),
        query=dict(request.query_params),
        headers=dict(request.headers),
        body=await _body(request),
        base_url=service.office.identity.base_url,
        connection=request.scope[CONNECTION],
        account=account,
        scopes=scopes,
    )
    if call.path == BATCH_PATH:
        return await _batch(service, dataclasses.replace(call, route=BATCH))
    return await service.answer(call)


async def _batch(service: Service, call: Call) -> Answer:
    if call.method != "POST":
        raise error.GraphError(
            405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target."
        )
    before(service.desk, service.office, call)
    await asyncio.sleep(delay(service.desk, call.route))
    answer = await batch.run(service, call)
    headers = headers_of(call.headers)
    service.log.add(Logged("POST", BATCH_PATH, {}, headers, answer.status, call.connection.number, None, 0))
    if service.desk.faults.strikes(Fault.GARBAGE_JSON, call.route):
        raise Garbled
    return answer


async def _body(request: Request) -> Any:
    raw = await request.body()
    if len(raw) > LARGEST_BODY:
        raise error.GraphError(413, "RequestEntityTooLarge", "The request is larger than 4 MB.")
    if not raw:
        return None
    if not request.headers.get("content-type", "").startswith(JSON):
        raise error.unsupported_media_type()
    try:
        return json.loads(raw)
    except ValueError:
        raise error.bad_request("Unable to read JSON request payload.") from None


async def _cut(request: Request) -> Response:
    """Reset the connection and wait until it is gone; the response is for nobody."""
    cut(request.scope[TRANSPORT])
    while (await request.receive())["type"] != "http.disconnect":
        pass
    return Response()


def _response(request: Request, answer: Answer, request_id: str) -> Response:
    headers = dict(answer.headers) | {"request-id": request_id, "OData-Version": "4.0", "Cache-Control": "private"}
    headers["client-request-id"] = request.headers.get("client-request-id", request_id)
    # ASCII JSON: a lone surrogate in a subject leaves as an escape, as Graph sends it.
    return Response(json.dumps(answer.body).encode(), answer.status, headers, CONTENT_TYPE)
