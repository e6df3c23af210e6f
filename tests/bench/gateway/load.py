"""wrk, over loopback, for a bounded time; and what it says came of it."""

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 64
SCRIPT = """
local tokens, made, number = {{{tokens}}}, {{}}, 0
local body = {body}
init = function()
  for index, token in ipairs(tokens) do
    local headers = {{["Authorization"] = "Bearer " .. token, ["Content-Type"] = "application/json"}}
    made[index] = wrk.format(body and "POST" or "GET", nil, headers, body)
  end
end
request = function()
  number = number % #made + 1
  return made[number]
end
"""


class LoadFailed(Exception):
    """wrk did not run, or not every answer was 200."""


@dataclass(frozen=True)
class Target:
    """What is asked: url, tokens that take turns, and a JSON text to post (None: GET)."""

    url: str
    tokens: Sequence[str]
    body: str | None = None


def requests(target: Target, folder: Path, seconds: int) -> int:
    """Asks for so long; how many were answered, all of them with 200."""
    script = folder / "load.lua"
    script.write_text(_script(target), encoding="ascii")
    command = ["wrk", "-t", "1", "-c", str(CONNECTIONS), "-d", f"{seconds}s", "--timeout", "10s", "-s", str(script)]
    done = subprocess.run([*command, target.url], capture_output=True, text=True, check=False)  # ours
    answered = re.search(r"(\d+) requests in", done.stdout)
    if done.returncode or not answered or "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise LoadFailed(f"{target.url}: {done.stdout}{done.stderr}")
    return int(answered[1])


def _script(target: Target) -> str:
    quoted = ",".join(f'"{token}"' for token in target.tokens) or '""'
    body = "nil" if target.body is None else f"[==[{target.body}]==]"
    return SCRIPT.format(tokens=quoted, body=body)
