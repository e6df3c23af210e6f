"""A process between gateway and a peer: writes down every byte that crosses, and may refuse one text.

    python tap.py CONFIG.json

    {"address": where to listen, "target": the peer, "name": the peer's certificate name,
     "server": [certificate, key, authority], "client": the same, of the gateway,
     "service": full name, "methods": [names], "record": file, "refuse": text or ""}

mTLS on both sides, as everywhere. What the peer answers, errors included, goes back as it came.
"""

import chassis  # noqa: F401  # isort: skip  # before grpc, which reads its ciphers while it is imported

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from chassis import process
from chassis.callers import Callers
from chassis.channel import open_channel
from chassis.errors import InvalidArgument
from chassis.server import serve
from chassis.tls import TlsFiles

GATEWAY = "gateway.mail-organiser.internal"


class Tap:
    """Forwards raw requests."""

    def __init__(self, config: dict[str, Any], channel: grpc.aio.Channel) -> None:
        self._config = config
        self._channel = channel
        self._record = Path(config["record"])
        self._calls = {name: channel.unary_unary(self.path(name)) for name in config["methods"]}

    def path(self, method: str) -> str:
        return f"/{self._config['service']}/{method}"

    def register(self, server: grpc.aio.Server) -> None:
        handlers = {
            name: grpc.unary_unary_rpc_method_handler(self._forwarding(name)) for name in self._config["methods"]
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(self._config["service"], handlers),))

    def _forwarding(self, name: str) -> Any:
        refused = self._config["refuse"].encode()

        async def forward(request: bytes, context: Any) -> bytes:
            self._write(name, request)
            if refused and refused in request:
                raise InvalidArgument
            try:
                response: bytes = await self._calls[name](request, timeout=context.time_remaining())
            except grpc.aio.AioRpcError as error:
                await context.abort(error.code(), error.details() or "", tuple(error.trailing_metadata() or ()))
                raise
            self._write(name, response)
            return response

        return forward

    def _write(self, name: str, message: bytes) -> None:
        with self._record.open("ab") as record:
            record.write(name.encode() + b" " + str(len(message)).encode() + b"\n" + message + b"\n")

    async def serving(self) -> bool:
        stub: Any = HealthStub(self._channel)
        answer = await stub.Check(HealthCheckRequest(), timeout=1)
        return bool(answer.status == HealthCheckResponse.SERVING)


async def run(config: dict[str, Any], stopping: asyncio.Event) -> None:
    server, client = (TlsFiles(*map(Path, config[side])) for side in ("server", "client"))
    async with open_channel(config["target"], client, config["name"]) as channel:
        tap = Tap(config, channel)
        async with serve(
            address=config["address"],
            tls=server,
            callers=Callers({tap.path(name): frozenset({GATEWAY}) for name in config["methods"]}),
            services=[tap.register],
            health={config["service"]: tap.serving},
        ):
            await stopping.wait()


if __name__ == "__main__":
    told = json.loads(Path(sys.argv[1]).read_text())
    sys.exit(process.run(lambda stopping: run(told, stopping)))
