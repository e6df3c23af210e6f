"""The one module that speaks to an AI provider: any endpoint that takes OpenAI's chat completions.

Guarantees: it takes a Prompt and nothing else; one attempt a call, within the seconds given; TLS is verified; no
redirect is followed, no proxy and no setting is taken from the environment; at most MAX_BYTES of an answer are read,
uncompressed. Whatever goes wrong is an AskFailed without text.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import httpx2
from openai import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AsyncOpenAI,
    DefaultAsyncHttpxClient,
    OpenAIError,
)

from chassis.errors import StartRefused
from classifier.provider.answer import MAX_BYTES, Reply, read
from classifier.provider.failure import AskFailed, Kind
from classifier.provider.prompt import Prompt
from classifier.provider.purse import MAX_ANSWER
from classifier.provider.retry import seconds as retry_seconds

NO_KEY: Final = "none"  # for an endpoint that asks for no key; the SDK wants one
_TELLING: Final = frozenset(
    f"x-stainless-{what}"
    for what in ("arch", "async", "lang", "os", "package-version", "retry-count", "runtime", "runtime-version")
)
_THROTTLED: Final = 429
_BROKEN: Final = 500


class _TooLarge(Exception):
    """An answer over MAX_BYTES, or one that would inflate."""


class _Bounded(httpx2.AsyncByteStream):
    """Ends a response that is larger than any right one."""

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for part in self._stream:
            size += len(part)
            if size > MAX_BYTES:
                raise _TooLarge
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


async def _bound(response: httpx2.Response) -> None:
    """Before anything of the body is read."""
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise _TooLarge
    if isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = _Bounded(response.stream)


async def _undress(request: httpx2.Request) -> None:
    """The SDK tells of this machine's system, architecture and Python; that is nobody's business."""
    for name in _TELLING & {name.lower() for name in request.headers}:
        del request.headers[name]


class Endpoint:
    """Made by connect()."""

    def __init__(self, client: AsyncOpenAI, model: str) -> None:
        self._client = client
        self._model = model

    @classmethod
    def connect(  # by name; each is one setting of the operator's
        cls, base_url: str, model: str, *, api_key: str, authority: Path | None, connect_seconds: float
    ) -> "Endpoint":
        """Nothing is sent yet. Raises StartRefused for an authority that can't be used."""
        http = DefaultAsyncHttpxClient(
            verify=_trusting(authority),
            trust_env=False,
            follow_redirects=False,
            timeout=httpx2.Timeout(None, connect=connect_seconds),
            event_hooks={"request": [_undress], "response": [_bound]},
        )
        headers = {"Accept-Encoding": "identity"}
        client = AsyncOpenAI(
            api_key=api_key, base_url=base_url, http_client=http, max_retries=0, default_headers=headers
        )
        client.organization = client.project = None  # the SDK takes them from the environment
        client.timeout = httpx2.Timeout(None, connect=connect_seconds)
        return cls(client, model)

    async def ask(self, prompt: Prompt, seconds: float) -> Reply:
        """The answer to one prompt. Raises AskFailed."""
        try:
            async with asyncio.timeout(seconds):
                return read(await self._bytes(prompt), prompt.ids)
        except TimeoutError:
            raise AskFailed(Kind.LATE) from None

    async def close(self) -> None:
        """Ends the connections."""
        with suppress(OpenAIError):
            await self._client.close()

    async def _bytes(self, prompt: Prompt) -> bytes:
        try:
            response = await self._client.chat.completions.with_raw_response.create(**self._request(prompt))
        except APIStatusError as error:
            raise _refusal(error) from None
        except (APITimeoutError, APIConnectionError) as error:
            raise AskFailed(_broken(error)) from None
        except (OpenAIError, _TooLarge, ValueError):
            raise AskFailed(Kind.TOO_LARGE) from None
        raw: bytes = response.content
        return raw

    def _request(self, prompt: Prompt) -> dict[str, Any]:
        return {
            "model": self._model,
            "messages": [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}],
            "response_format": {"type": "json_schema", "json_schema": _schema(prompt)},
            "temperature": 0,
            "max_tokens": MAX_ANSWER,
            "store": False,
            "n": 1,
        }


def _trusting(authority: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=None if authority is None else str(authority))
    except (OSError, ValueError):
        raise StartRefused("provider.authority: is no PEM bundle that can be read. Correct the path.") from None


def _schema(prompt: Prompt) -> dict[str, Any]:
    """The closed set: an id of this prompt, and a number."""
    properties = {"folder": {"type": "string", "enum": list(prompt.ids)}, "confidence": {"type": "number"}}
    shape = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    return {"name": "filing", "strict": True, "schema": shape}


def _refusal(error: APIStatusError) -> AskFailed:
    wait = retry_seconds(error.response.headers.get("retry-after"))
    if error.status_code == _THROTTLED:
        return AskFailed(Kind.THROTTLED, wait)
    return AskFailed(Kind.BROKEN if error.status_code >= _BROKEN else Kind.DENIED, wait)


def _broken(error: APIConnectionError) -> Kind:
    """Whether anything may have been sent decides what it may have cost."""
    cause = error.__cause__
    if isinstance(cause, _TooLarge):
        return Kind.TOO_LARGE
    return Kind.UNREACHABLE if isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout) else Kind.BROKEN
