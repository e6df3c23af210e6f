"""The yardstick: uvicorn, uvloop, httptools and an application that says hello. No TLS, no token, no limit, nothing.

python raw.py PORT
"""

import sys
from typing import Any

import uvicorn

HELLO = b'{"hello":"world"}'
START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(HELLO)).encode())],
}
BODY = {"type": "http.response.body", "body": HELLO}


async def hello(_scope: Any, _receive: Any, send: Any) -> None:
    """The application."""
    await send(START)
    await send(BODY)


if __name__ == "__main__":
    uvicorn.run(
        hello,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        lifespan="off",
        interface="asgi3",
        log_level="critical",
        access_log=False,
    )
