"""Truth 4: no mail text at rest, and none on its way out either.

After a whole run, everything that the house keeps or lets out is searched byte by byte: database and its side files
(ours and DBOS's tables are one file), keys, logs, exported spans, metrics, what crossed to the peers, all answers.
"""

import base64
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from gateway.identity.admission import token_cell
from gateway.store import engine
from gateway.vault.keyring import Keyring
from gateway.vault.root import FileRoot
from gateway.vault.vault import Vault
from mail_organiser.mail.v1.mail_pb2 import FolderColumns, MessageColumns

MARK = "mark9f31c7"
OWNER = "you@sandbox.test"
ADDRESSES = ("127.0.0.77", "203.0.113.77")
ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le")
JWT = re.compile(rb"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.")  # header and payload of any signed token


def forms(text: str) -> set[bytes]:
    """How a text could lie in a file: encodings, percent-escapes, hex, and base64 at each of its three offsets."""
    raw = text.encode()
    plain = {text.encode(encoding) for encoding in ENCODINGS} | {quote(text, safe="").encode(), raw.hex().encode()}
    return plain | {part for encode in (base64.b64encode, base64.urlsafe_b64encode) for part in _offsets(raw, encode)}


def _offsets(raw: bytes, encode: Callable[[bytes], bytes]) -> Iterator[bytes]:
    for lead in range(3):
        coded = encode(bytes(lead) + raw).rstrip(b"=")
        first, last = (0, 2, 3)[lead], (len(raw) + lead) % 3
        yield coded[first : len(coded) - (1 if last else 0)]


def found(text: str, where: bytes) -> bool:
    """Whether a text is in these bytes in any form, in lower case at least."""
    lowered = where.lower()
    return any(form in where or form.lower() in lowered for form in forms(text))


@pytest.mark.parametrize("text", [MARK, "aB3-_x" * 5, OWNER])
def test_the_search_finds_what_it_looks_for(text: str) -> None:
    """A text is found in each form that a file could hold it in: the proof that silence below means absence."""
    raw = text.encode()
    planted = [text.encode(encoding) for encoding in ENCODINGS] + [quote(text, safe="").encode(), raw.upper()]
    planted += [base64.b64encode(bytes(range(n)) + raw + bytes(range(m))) for n in range(4) for m in range(4)]
    planted += [json.dumps({"x": text}).encode(), raw.hex().encode()]
    assert all(found(text, b"\x00\xff" + one + b"...") for one in planted)
    assert not found(text, b"\x00\xff" * 100)


@pytest.fixture(scope="session")
def kept(whole_run: Any) -> dict[str, bytes]:
    """Every file of the gateway's data folder, and every log."""
    root = whole_run.house.place.root
    files = [*(root / "data").iterdir(), *(root / "logs").iterdir()]
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


@pytest.fixture(scope="session")
def let_out(whole_run: Any) -> dict[str, bytes]:
    """Spans, once those of the whole run were exported, and metrics."""
    watch = whole_run.house.watch
    whole_run.house.until(lambda: b"/undo" in b"".join(watch.spans), "the last spans to be exported")
    return {"spans": b"".join(watch.spans), "metrics": watch.scraped()}


@pytest.fixture(scope="session")
def secrets_of(whole_run: Any, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The tokens of this house: the session's own, and Microsoft's, which the vault opens in a copy for this test."""
    house, place = whole_run.house, whole_run.house.place
    data = tmp_path_factory.mktemp("copy") / "data"
    shutil.copytree(place.root / "data", data)
    keyring = Keyring.open(FileRoot(place.path("secrets", "root.key"), data_folder=data), data / "keys.sealed")
    vault, opened = Vault(keyring, "local"), engine.open(data / "gateway.sqlite")
    ((sealed, person),) = house.query(
        "SELECT sealed, person_id FROM token_cache JOIN mailbox ON mailbox.id = mailbox_id WHERE mailbox_id = ?",
        house.mailbox,
    )
    with engine.reading(opened) as connection:
        cache = json.loads(vault.open(connection, person, token_cell(house.mailbox), sealed))
    opened.dispose()
    kinds = ("AccessToken", "RefreshToken", "IdToken")
    held = [entry["secret"] for kind in kinds for entry in cache[kind].values()]
    assert len(held) >= 3
    return [house.token, *held]


def tails(token: str) -> list[str]:
    """The parts of a token that are its own: a JWT's signature, or all of an opaque one."""
    return [token.rpartition(".")[2][:32], token[-32:]]


def test_the_run_was_a_whole_one(whole_run: Any) -> None:
    """There was something to find: mail was read, held, changed, moved and undone; its sender and text remembered."""
    kinds = [one["kind"] for one in whole_run.shown]
    assert (kinds.count("hold"), kinds.count("review"), kinds.count("move")) == (2, 1, 13)
    assert (whole_run.run["state"], whole_run.run["moved"]) == ("done", 12)
    assert (whole_run.undo["state"], whole_run.undo["moved"]) == ("done", 12)
    assert {"rule_sender", "protected_sender"} <= {one["reason"] for one in whole_run.shown}
    assert whole_run.house.query("SELECT count(*) FROM correspondent")[0][0] > 0
    assert {("sender",), ("text",)} <= set(whole_run.house.query("SELECT kind FROM correction"))
    sandbox = whole_run.house.place.path("sandbox", "mailbox.sqlite")
    whole = sandbox.read_bytes() + Path(f"{sandbox}-wal").read_bytes()
    assert all(found(f"{kind}{MARK}", whole) for kind in ("subject", "person", "address", "body"))


def test_nothing_of_mail_or_folders_is_kept(whole_run: Any, kept: dict[str, bytes]) -> None:
    """No subject, name, address, folder name, description or body, in no file and no log, in no form."""
    assert {"data/gateway.sqlite", "data/gateway.sqlite-wal", "logs/gateway.log"} <= set(kept)
    assert [name for name, content in kept.items() if found(MARK, content)] == []
    assert [name for name, content in kept.items() if name != "logs/sandbox.log" and found(OWNER, content)] == []
    assert whole_run.house.query("SELECT count(*) FROM workflow_status")[0][0] > 0  # DBOS's tables are in there


def test_no_client_address_is_kept_or_let_out(kept: dict[str, bytes], let_out: dict[str, bytes]) -> None:
    """Neither the address that a client called from nor the one that it claimed to have."""
    everything = kept | let_out
    assert [(name, one) for name, content in everything.items() for one in ADDRESSES if found(one, content)] == []


def test_no_token_is_kept_or_let_out(kept: dict[str, bytes], let_out: dict[str, bytes], secrets_of: list[str]) -> None:
    """No token of ours or Microsoft's, nor anything of a token's shape, anywhere but sealed."""
    everything = kept | let_out
    parts = [part for token in secrets_of for part in tails(token)]
    assert [name for name, content in everything.items() if any(found(part, content) for part in parts)] == []
    assert [name for name, content in everything.items() if JWT.search(content)] == []


def test_spans_and_metrics_say_nothing_about_mail(let_out: dict[str, bytes], whole_run: Any) -> None:
    """Three services export spans, linked across them, and metrics; no text, no Graph id, no mailbox is in them."""
    spans = [ExportTraceServiceRequest.FromString(one) for one in whole_run.house.watch.spans]
    services = {
        attribute.value.string_value
        for one in spans
        for resource in one.resource_spans
        for attribute in resource.resource.attributes
        if attribute.key == "service.name"
    }
    assert services == {"gateway", "sentinel", "classifier"}
    ids = [*whole_run.delivered[:3], *whole_run.house.own.values(), whole_run.house.mailbox]
    for name, content in let_out.items():
        assert not found(MARK, content), name
        assert not found(OWNER, content), name
        assert [one for one in ids if found(one, content)] == [], name
    assert b"rpc_server_call_duration_seconds" in let_out["metrics"]


def test_text_of_mail_is_in_preview_and_journal_and_in_no_other_answer(whole_run: Any) -> None:
    """Messages are shown in the lists of decisions and of entries; folders and whose mail a rule is about, in theirs.

    A rule's sentence, in its own answers and in the decisions that it made, names both.
    """
    shown: dict[str, set[str]] = {}
    for method, path, status, body in whole_run.house.watch.answers:
        template = re.sub(r"(mbx|scn|dec|mov|fld|cor|rul)_\w+", r"{\1}", path)
        for kind in ("subject", "person", "address", "folder", "description", "body", "list"):
            if found(f"{kind}{MARK}", body):
                shown.setdefault(kind, set()).add(f"{method} {template} {status}")
    under = "/api/v1/mailboxes/{mbx}"
    preview = {f"GET {under}/scans/{{scn}}/decisions 200"}
    journal = {f"GET {under}/moves/{{mov}}/entries 200"}
    rules = {f"GET {under}/rules 200", f"POST {under}/rules 201", f"PATCH {under}/rules/{{rul}} 200"}
    protections = {f"GET {under}/protections 200", f"POST {under}/protections 201"}
    folders = {f"GET {under}/folders 200", f"PATCH {under}/folders/{{fld}} 200"}
    expected = {
        "subject": preview | journal,
        "person": preview | journal,
        "address": preview | journal | rules | protections,
        "folder": folders | rules | preview,
        "description": folders,
    }
    assert shown == expected


def test_peers_are_sent_text_and_nothing_that_says_whose(whole_run: Any, secrets_of: list[str]) -> None:
    """What crosses to sentinel and classifier: the contract's texts; no Graph id, no token, no person, no mailbox."""
    house = whole_run.house
    crossed = {name: path.read_bytes() for name, path in house.watch.records.items()}
    assert all(found(f"subject{MARK}", content) for content in crossed.values())
    state = house.control("GET", "/state")
    graph = {one["id"] for one in state["folders"]} | {one["immutable_id"] for one in state["messages"][-200:]}
    ours = {house.mailbox, *(row[0] for row in house.query("SELECT id FROM person")), whole_run.scan["id"]}
    tokens = {part for token in secrets_of for part in tails(token)}
    for name, content in crossed.items():
        assert [one for one in graph | ours | tokens if one.encode() in content] == [], name
        assert not found(f"body{MARK}", content), name
        assert not JWT.search(content), name


def test_the_contract_has_room_for_text_only() -> None:
    """A field more in what may cross is a decision: here it must be made twice."""
    columns = {"present", "subject", "sender_name", "sender_address", "list_id", "recipient_count", "recipient"}
    assert set(MessageColumns.DESCRIPTOR.fields_by_name) == columns
    assert set(FolderColumns.DESCRIPTOR.fields_by_name) == {"present", "id", "name", "description"}
