"""What a provider may do, by name: well, throttled, and in every way wrong that we could think of."""

import gzip
import json
from functools import partial
from typing import Any

from obedient_model import MARK, Reading, obey
from scripted_server import Answer, Asked, Script, completion, filing

NORMAL = 0.8
BIG = 10_000_000  # bytes


def first_folder(_: Asked) -> Answer:
    """A well-behaved endpoint that knows one answer."""
    return Answer(filing("f00", NORMAL))


def by_word(asked: Asked) -> Answer:
    """Chooses the folder whose name's first word is in the message's text; f00 if none is."""
    message = asked.user.rpartition("File this message:")[2].lower()
    folders = [line for line in asked.user.splitlines() if " name " in line and line.startswith("f")]
    words = {line.split()[0]: line.split('"')[1].split(MARK)[-1].lower() for line in folders}
    return Answer(filing(next((one for one, word in words.items() if word in message), "f00"), NORMAL))


def a_tenth_throttled(asked: Asked) -> Answer:
    """Every tenth request is turned away, for longer than anybody can wait."""
    if asked.number % 10 == 9:
        return Answer(b"{}", 429, {"Retry-After": "30"})
    return by_word(asked)


def throttled_once(asked: Asked) -> Answer:
    """Every first attempt is turned away for a moment."""
    if asked.number % 2 == 0:
        return Answer(b"{}", 429, {"Retry-After": "0.1"})
    return Answer(filing("f01", NORMAL))


def _status(status: int, _: Asked, **headers: str) -> Answer:
    return Answer(b'{"error": {"message": "no"}}', status, {k.replace("_", "-"): v for k, v in headers.items()})


def _says(content: Any, _: Asked, finish: str = "stop", **message: Any) -> Answer:
    return Answer(completion(content, finish, **message))


def _raw(body: bytes, _: Asked, **headers: str) -> Answer:
    return Answer(body, headers={k.replace("_", "-"): v for k, v in headers.items()})


def _files(folder: Any, _: Asked, confidence: Any = NORMAL) -> Answer:
    return Answer(filing(folder, confidence))


def _choices(count: int, _: Asked) -> Answer:
    document = json.loads(filing("f00"))
    document["choices"] *= count
    return Answer(json.dumps(document).encode())


def _echo(asked: Asked) -> Answer:
    """Says all that it was told, inside and outside of the answer's text."""
    document = json.loads(completion(f"{asked.system}\n{asked.user}"))
    document["system_fingerprint"] = document["id"] = document["model"] = asked.user
    return Answer(json.dumps(document).encode(), headers={"X-Request-Id": json.dumps(asked.user)})


def _echo_error(asked: Asked) -> Answer:
    """Puts all that it was told into an error, as some endpoints do."""
    error = {"error": {"message": asked.user, "type": asked.user, "code": asked.user, "param": asked.headers}}
    return Answer(json.dumps(error).encode(), 400)


VALID = '{"folder": "f00", "confidence": 0.8}'

# Each must end in the learned engine's choice. Value: why, as the metric says it.
HOSTILE: dict[str, tuple[Script, str]] = {
    "unknown id": (partial(_files, "f99"), "unknown_id"),
    "id of another person": (partial(_files, "fld_aaaaaaaaaaaaaaaaaaaaaaaaaa"), "unknown_id"),
    "name instead of id": (partial(_files, "Bills"), "unknown_id"),
    "id in capitals": (partial(_files, "F00"), "unknown_id"),
    "id with a blank": (partial(_files, " f00"), "unknown_id"),
    "id in full-width digits": (partial(_files, "f\uff10\uff10"), "unknown_id"),
    "list of ids": (partial(_files, ["f00"]), "unknown_id"),
    "number as id": (partial(_files, 0), "unknown_id"),
    "null as id": (partial(_files, None), "unknown_id"),
    "negative index": (partial(_files, "f-1"), "unknown_id"),
    "prose": (partial(_says, "I think it belongs into f00."), "prose"),
    "prose around": (partial(_says, f"Sure! {VALID}"), "prose"),
    "code fence": (partial(_says, f"```json\n{VALID}\n```"), "prose"),
    "two answers": (partial(_says, VALID + VALID), "prose"),
    "an array": (partial(_says, f"[{VALID}]"), "prose"),
    "a key more": (partial(_says, '{"folder": "f00", "confidence": 0.8, "move": "all"}'), "prose"),
    "a key less": (partial(_says, '{"folder": "f00"}'), "prose"),
    "a key twice": (partial(_says, '{"folder": "f00", "folder": "f01", "confidence": 0.8}'), "prose"),
    "long content": (partial(_says, VALID + " " * 1000), "prose"),
    "no content": (partial(_says, None), "prose"),
    "parts as content": (partial(_says, [{"type": "text", "text": VALID}]), "prose"),
    "deep content": (partial(_says, "[" * 250), "prose"),
    "NaN": (partial(_says, '{"folder": "f00", "confidence": NaN}'), "prose"),
    "infinity": (partial(_says, '{"folder": "f00", "confidence": Infinity}'), "prose"),
    "overflow": (partial(_says, '{"folder": "f00", "confidence": 1e999}'), "no_number"),
    "over one": (partial(_files, "f00", confidence=1.01), "no_number"),
    "negative": (partial(_files, "f00", confidence=-0.1), "no_number"),
    "text for a number": (partial(_files, "f00", confidence="0.8"), "no_number"),
    "true for a number": (partial(_files, "f00", confidence=True), "no_number"),
    "truncated": (partial(_says, VALID, finish="length"), "truncated"),
    "a finish nobody knows": (partial(_says, VALID, finish="done"), "truncated"),
    "content filter": (partial(_says, VALID, finish="content_filter"), "filtered"),
    "refusal": (partial(_says, VALID, refusal="I can't help with that."), "refused"),
    "tool call": (partial(_says, VALID, tool_calls=[{"type": "function"}]), "refused"),
    "echo": (_echo, "prose"),
    "no choices": (partial(_choices, 0), "garbled"),
    "two choices": (partial(_choices, 2), "garbled"),
    "empty body": (partial(_raw, b""), "garbled"),
    "wrong JSON": (partial(_raw, b'{"choices": ['), "garbled"),
    "no UTF-8": (partial(_raw, b"\xff\xfe\x00"), "garbled"),
    "HTML": (partial(_raw, b"<html>login</html>", Content_Type="text/html"), "garbled"),
    "deep JSON": (partial(_raw, b"[" * 60_000), "garbled"),
    "choices of another shape": (partial(_raw, b'{"choices": {"0": 1}}'), "garbled"),
    "10 MB": (partial(_raw, filing("f00") + b" " * BIG), "too_large"),
    "10 MB of zip": (partial(_raw, gzip.compress(b" " * BIG), Content_Encoding="gzip"), "too_large"),
    "10 MB of error": (lambda _: Answer(b" " * BIG, 400), "too_large"),
    "redirect": (partial(_status, 307, Location="/v1/elsewhere"), "denied"),
    "permanent redirect": (partial(_status, 308, Location="https://127.0.0.1:9/v1"), "denied"),
    "unauthorised": (partial(_status, 401), "denied"),
    "error that echoes": (_echo_error, "denied"),
    "429": (partial(_status, 429, Retry_After="60"), "throttled"),
    "429 without end": (partial(_status, 429, Retry_After="1e300"), "throttled"),
    "500": (partial(_status, 500), "broken"),
    "503 for a minute": (partial(_status, 503, Retry_After="60"), "broken"),
    "reset": (lambda _: Answer(reset=True), "broken"),
    "slow bytes": (lambda _: Answer(filing("f00"), drip=0.2), "late"),
    "silence": (lambda _: Answer(filing("f00"), seconds=60.0), "late"),
}

SCRIPTS: dict[str, Script] = {
    "first_folder": first_folder,
    "by_word": by_word,
    "a_tenth_throttled": a_tenth_throttled,
    "throttled_once": throttled_once,
    "obedient": partial(obey, reading=Reading.NO_MARKS),
    "obedient_marks": partial(obey, reading=Reading.MARKS),
    **{name: script for name, (script, _) in HOSTILE.items()},
}
