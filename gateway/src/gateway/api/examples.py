"""Examples in the API's description: one value for each name that the API uses, put together by schema.

Guarantees: a name has one example wherever it means the same, and "Model.name" where it does not; a text without one
stops the build of the description rather than being shown as "string". Nothing here is anybody's.
"""

from typing import Any, Final

_ID: Final = "7q3k9v2m4x8c1n5p6r0t2w4y6z"
VALUES: Final[dict[str, Any]] = {
    "ApiKeyAnswer.id": f"apk_{_ID}",
    "ApiKeyMade.id": f"apk_{_ID}",
    "ApiKeyAnswer.name": "Nightly sort",
    "ApiKeyMade.name": "Nightly sort",
    "ApiKeyRequest.name": "Nightly sort",
    "CorrectionAnswer.id": f"cor_{_ID}",
    "ChangedAnswer.id": f"dec_{_ID}",
    "ChosenAnswer.id": f"fld_{_ID}",
    "DecisionAnswer.id": f"dec_{_ID}",
    "EntryAnswer.id": f"jrn_{_ID}",
    "EventAnswer.id": f"evt_{_ID}",
    "EventAnswer.kind": "scan.finished",
    "EventAnswer.outcome": "done",
    "EventAnswer.reason": "done",
    "FolderAnswer.id": f"fld_{_ID}",
    "MailboxAnswer.scopes": ["Mail.ReadWrite", "MailboxSettings.Read", "User.Read"],
    "MailboxAnswer.id": f"mbx_{_ID}",
    "MoveAnswer.id": f"mov_{_ID}",
    "ProposalAnswer.id": f"prp_{_ID}",
    "ProtectionAnswer.id": f"pro_{_ID}",
    "RowAnswer.id": f"dec_{_ID}",
    "RuleAnswer.id": f"rul_{_ID}",
    "ScanAnswer.id": f"scn_{_ID}",
    "SessionAnswer.id": f"ses_{_ID}",
    "SessionAnswer.started_at": "2026-11-02T09:30:00Z",
    "SessionAnswer.last_used_at": "2026-11-02T10:12:00Z",
    "SessionAnswer.ends_at": "2026-11-02T17:30:00Z",
    "BoundAnswer.name": "scans_a_month",
    "EntryAnswer.code": None,
    "ExchangeRequest.code": "N2u0Cq1mW8b3XvZ5tR7yLk9pJ4hG6fD0sA1qWeRtYuI",
    "ErasureRequest.confirm": "erase everything",
    "HeldAnswer.what": "Your sessions: when each began, was used last, and ends. No browser and no address",
    "HeldAnswer.why": "you stay signed in, and can end each",
    "HeldAnswer.kept_for": "until it ends by itself, and a day at most after that",
    "MailboxReceiptAnswer.key_id": f"key_{_ID}",
    "ReceiptAnswer.key_id": f"key_{_ID}",
    "access_token": "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl",
    "at": "2026-11-02T09:30:00Z",
    "challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    "correction_id": f"cor_{_ID}",
    "created_at": "2026-11-02T09:30:00Z",
    "cursor": "AAAAZJ3x0Q1m8bTjvN6yUw",
    "decision_id": f"dec_{_ID}",
    "decision_ids": [f"dec_{_ID}"],
    "description": "Invoices, order confirmations and payment receipts",
    "dpop": "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2In0.e30.c2lnbmF0dXJl",
    "engine": "learned",
    "entry_ids": [f"jrn_{_ID}"],
    "error_code": None,
    "expires_at": "2026-12-02T09:30:00Z",
    "field": "subject",
    "folder_id": f"fld_{_ID}",
    "from_folder_id": f"fld_{_ID}",
    "idempotency-key": "2c1f0c5e-6a0d-4f7e-9d3b-5b8a1e4f7c90",
    "if-match": '"3"',
    "gone_at": "2026-11-02T09:30:00.000Z",
    "irrecoverable_at": "2026-12-02T09:30:00.000Z",
    "last-event-id": "9f86d081884c7d65",
    "key": "mok_...",
    "key_id": f"apk_{_ID}",
    "last_used_on": "2026-11-09",
    "left": [],
    "list_id": "offers.shop.example",
    "mailbox_id": f"mbx_{_ID}",
    "mailboxes": [f"mbx_{_ID}"],
    "mode": "microsoft",
    "most": 1000,
    "name": "Receipts",
    "object_id": f"scn_{_ID}",
    "outcome": "review",
    "person_id": f"per_{_ID}",
    "plan": "free",
    "public_key": "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "next_cursor": None,
    "proposal_id": f"prp_{_ID}",
    "protection_id": f"pro_{_ID}",
    "provider": "off",
    "reason": "choice",
    "received_at": "2026-11-01T18:04:00Z",
    "resets_at": "2026-12-01T00:00:00Z",
    "rule_id": f"rul_{_ID}",
    "FindingAnswer.rule_id": "override.ignore_instructions",
    "ruled_by": f"rul_{_ID}",
    "run_id": f"mov_{_ID}",
    "scan_id": f"scn_{_ID}",
    "session_id": f"ses_{_ID}",
    "started_at": "2026-11-02T09:30:00Z",
    "ended_at": "2026-11-02T09:34:10Z",
    "sender_address": "orders@shop.example",
    "sender_name": "The Shop",
    "signature": "00" * 64,
    "subject": "Your order 4711 is on its way",
    "technique": "instruction_override",
    "looked_at": 200,
    "share": 0.25,
    "time_zone": "Europe/Zurich",
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    "starter_id": "receipts",
    "StarterFolderAnswer.id": "receipts",
    "SubProcessorAnswer.id": "mailbox_provider",
    "SubProcessorAnswer.purpose": "mail is read (without its body) and moved there",
    "SubProcessorAnswer.data": "ids of messages and folders",
    "SubProcessorAnswer.name": "A company",
    "used_when": "during scans",
    "place": "a country",
    "certifications": ["ISO/IEC 27001"],
    "SubProcessorAnswer.since": "2026-11-01",
    "notice_given": "2026-10-01",
    "sentence": "Mail from orders@shop.example goes to Receipts.",
    "text": "orders@shop.example",
    "undoes": None,
    "undone_by": None,
    "unreadable_at": "2026-11-02T09:30:00.000Z",
    "url": "https://login.microsoftonline.com/common/oauth2/v2.0/authorize?client_id=...",
    "verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    "well_known": None,
}
_PLAIN: Final = {"boolean": True, "number": 0.5, "null": None, "integer": 12}


class NoExample(Exception):
    """A name of the API that has no example: give it one in VALUES."""


def example(schema: dict[str, Any], schemas: dict[str, Any], name: str = "") -> Any:
    """A value of `schema`; `schemas` are the components it may refer to, `name` is the property that it is of."""
    if "$ref" in schema:
        model = schema["$ref"].rpartition("/")[2]
        return example(schemas[model], schemas, name if "enum" in schemas[model] else model)
    if name in VALUES:
        return VALUES[name]
    for known in ("const", "default"):
        if schema.get(known) is not None:
            return schema[known]
    return _of_type(schema, schemas, name)


def _of_type(schema: dict[str, Any], schemas: dict[str, Any], name: str) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return example(schema["anyOf"][0], schemas, name)
    kind = schema.get("type")
    if kind == "object":
        return _of_object(schema, schemas, name)
    if kind == "array":
        return [example(schema["items"], schemas, name)]
    if kind not in _PLAIN:
        raise NoExample(name or str(schema))
    return _PLAIN[kind]


def _of_object(schema: dict[str, Any], schemas: dict[str, Any], model: str) -> dict[str, Any]:
    if "properties" in schema:
        return {name: _of_property(model, name, part, schemas) for name, part in schema["properties"].items()}
    key = example(schema.get("propertyNames", {"enum": [VALUES["name"]]}), schemas)
    return {key: example(schema["additionalProperties"], schemas)}


def _of_property(model: str, name: str, schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    own = f"{model}.{name}"
    return VALUES[own] if own in VALUES else example(schema, schemas, name)
