"""An OpenAI-compatible provider on loopback, over TLS, that does as a script says: obey, lie, stall, hang up.

    python tests/provider/scripted_server.py CONFIG.json

    {"port": 0 for any, "certificate", "key": PEM files, "script": name in scripts.SCRIPTS,
     "seconds": before each answer, "record": file to which every request is appended, or ""}

The file is read again for each request, so that a test can change the script while it runs. "listening PORT" is written
to stdout. Plain asyncio: what a broken peer sends, no HTTP library would.
"""

import asyncio
import json
import ssl
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MAX_BODY = 4_000_000
CHUNK = 65_536


@dataclass
class Answer:
    """What goes back. raw: instead of all else; drip: one byte a so many seconds; reset: the connection is torn."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    drip: float = 0.0
    reset: bool = False

    @property
    def head(self) -> bytes:
        lines = {"Content-Type": "application/json", "Content-Length": str(len(self.body)), **self.headers}
        return (f"HTTP/1.1 {self.status} X\r\n" + "".join(f"{k}: {v}\r\n" for k, v in lines.items()) + "\r\n").encode()


@dataclass
class Asked:
    """One request. number counts from 0."""

    number: int
    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def user(self) -> str:
        return str(self.body["messages"][1]["content"])

    @property
    def system(self) -> str:
        return str(self.body["messages"][0]["content"])

    @property
    def ids(self) -> list[str]:
        return list(self.body["response_format"]["json_schema"]["schema"]["properties"]["folder"]["enum"])


Script = Callable[[Asked], Answer]


class ScriptedServer:
    """Answers by its script, keeps what it was asked. most: requests open at once; sent: bytes of answers."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.asked: list[Asked] = []
        self.most = 0
        self.sent = 0
        self.port = 0
        self._now = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self, certificate: Path, key: Path, port: int = 0) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Ends listening, and every connection."""
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0.01)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}/v1"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
            while await self._one(reader, writer):
                pass
        self._writers.discard(writer)
        writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        asked = await self._read(reader)
        if asked is None:
            return False
        self._now += 1
        self.most = max(self.most, self._now)
        try:
            return await self._answer(writer, self.script(asked))
        finally:
            self._now -= 1

    async def _read(self, reader: asyncio.StreamReader) -> Asked | None:
        first = (await reader.readline()).decode("latin-1").split()
        if len(first) < 2:
            return None
        headers: dict[str, str] = {}
        while (line := (await reader.readline()).decode("latin-1").strip()) != "":
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = await reader.readexactly(min(int(headers.get("content-length", "0")), MAX_BODY))
        asked = Asked(len(self.asked), first[0], first[1], headers, json.loads(body or b"{}"))
        self.asked.append(asked)
        return asked

    async def _answer(self, writer: asyncio.StreamWriter, answer: Answer) -> bool:
        await asyncio.sleep(answer.seconds)
        if answer.reset:
            writer.transport.abort()
            return False
        writer.write(answer.head)
        if answer.drip:
            await _drip(writer, answer)
            return True
        for at in range(0, len(answer.body), CHUNK):
            writer.write(answer.body[at : at + CHUNK])
            await writer.drain()
            self.sent += CHUNK
        return True


async def _drip(writer: asyncio.StreamWriter, answer: Answer) -> None:
    for byte in answer.body:
        writer.write(bytes((byte,)))
        await writer.drain()
        await asyncio.sleep(answer.drip)


def completion(content: Any, finish: str = "stop", **message: Any) -> bytes:
    """A chat completion's bytes, with a plausible usage."""
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": content, **message}}
    usage = {"prompt_tokens": 450, "completion_tokens": 12, "total_tokens": 462}
    document = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}
    return json.dumps(document).encode()


def filing(folder: Any, confidence: Any = 0.8) -> bytes:
    """The completion of a model that keeps to the schema."""
    return completion(json.dumps({"folder": folder, "confidence": confidence}))


def _config(path: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads(path.read_text())
    return config


async def _main(path: Path) -> None:
    from scripts import SCRIPTS  # it is beside this file

    first = _config(path)

    def script(asked: Asked) -> Answer:
        config = _config(path)
        if config["record"]:
            with Path(config["record"]).open("a") as record:
                record.write(json.dumps(asked.body) + "\n")
        answer = SCRIPTS[config["script"]](asked)
        answer.seconds += config["seconds"]
        return answer

    server = ScriptedServer(script)
    await server.start(Path(first["certificate"]), Path(first["key"]), first["port"])
    sys.stdout.write(f"listening {server.port}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    sys.modules["scripted_server"] = sys.modules["__main__"]
    asyncio.run(_main(Path(sys.argv[1])))
