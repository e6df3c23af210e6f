"""Calls sentinel. What comes back is read with suspicion: an unknown outcome is held, a short answer is an error.

Numbers come out within their bounds and words from closed sets, whatever a newer or broken sentinel says: what is
shown, stored and counted later may rely on it.
"""

import math
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import grpc

from chassis.errors import Internal, from_rpc
from gateway.organise.verdict import UNKNOWN, Finding, Outcome, Verdict
from mail_organiser.clearance import BATCH_ID_LENGTH
from mail_organiser.columns import FolderText, MessageText, encode_folders, encode_messages
from mail_organiser.mail.v1 import mail_pb2
from mail_organiser.sentinel.v1 import sentinel_pb2 as wire
from mail_organiser.sentinel.v1.sentinel_pb2_grpc import SentinelServiceStub

DEADLINE = 10.0  # seconds for a batch of 256; sentinel needs milliseconds, a busy machine more

MAX_POSITION = 2**31 - 1  # code points; what the database's integers hold

_RULE: Final = re.compile(r"[A-Z]{2,8}-[0-9]{1,6}", re.ASCII)  # SEN-101
_OUTCOMES: Final[Mapping[int, Outcome]] = {wire.OUTCOME_CLEAN: Outcome.CLEAN, wire.OUTCOME_REVIEW: Outcome.REVIEW}


class Purpose(IntEnum):
    """What the messages are for; the numbers are the contract's."""

    CLASSIFY = mail_pb2.PURPOSE_CLASSIFY
    LEARN = mail_pb2.PURPOSE_LEARN
    EXAMPLE = mail_pb2.PURPOSE_EXAMPLE


@dataclass(frozen=True, slots=True)
class Word:
    """Sentinel's signed word over one batch, passed on unread."""

    batch_id: bytes
    clearance: mail_pb2.Clearance


@dataclass(frozen=True, slots=True)
class Inspection:
    """Verdicts over the messages in order, which folders are clean, and sentinel's word."""

    messages: tuple[Verdict, ...]
    clean_folders: tuple[bool, ...]
    word: Word


class SentinelClient:
    """The one way to have texts inspected."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = SentinelServiceStub(channel)

    async def inspect(
        self,
        messages: Sequence[MessageText],
        folders: Sequence[FolderText],
        purpose: Purpose,
    ) -> Inspection:
        """Judges up to 512 texts. Raises the chassis error that sentinel, or its absence, stands for."""
        batch_id = secrets.token_bytes(BATCH_ID_LENGTH)
        request = wire.InspectRequest(
            batch_id=batch_id,
            purpose=mail_pb2.Purpose.ValueType(purpose),
            messages=encode_messages(messages),
            folders=encode_folders(folders),
        )
        response = await self._call(request)
        return Inspection(
            messages=_verdicts(response.messages, len(messages)),
            clean_folders=tuple(v.outcome is Outcome.CLEAN for v in _verdicts(response.folders, len(folders))),
            word=Word(batch_id, response.clearance),
        )

    async def _call(self, request: wire.InspectRequest) -> wire.InspectResponse:
        try:
            return await self._stub.Inspect(request, timeout=DEADLINE)
        except grpc.RpcError as error:
            raise from_rpc(error) from None


def _verdicts(columns: wire.InspectionColumns, expected: int) -> tuple[Verdict, ...]:
    if len(columns.outcome) != expected or len(columns.risk) != expected:
        raise Internal("sentinel judged another number of items than it was sent")
    findings = _findings(columns.findings, expected)
    return tuple(
        Verdict(_OUTCOMES.get(outcome, Outcome.HELD), _share(risk), tuple(findings[index]))
        for index, (outcome, risk) in enumerate(zip(columns.outcome, columns.risk, strict=True))
    )


def _findings(columns: wire.FindingColumns, expected: int) -> list[list[Finding]]:
    findings: list[list[Finding]] = [[] for _ in range(expected)]
    rows = zip(
        columns.index,
        columns.technique,
        columns.field,
        columns.start,
        columns.end,
        columns.weight,
        columns.rule_id,
        strict=False,
    )
    for index, technique, field, start, end, weight, rule_id in rows:
        if index < expected:
            first, last = min(start, MAX_POSITION), min(max(start, end), MAX_POSITION)
            found = Finding(_technique(technique), _field(field), first, last, _share(weight), _rule(rule_id))
            findings[index].append(found)
    return [sorted(found, key=lambda one: -one.weight) for found in findings]


def _share(value: float) -> float:
    """Within 0 to 1; what is no number counts as the worst."""
    return 1.0 if math.isnan(value) else min(max(value, 0.0), 1.0)


def _rule(rule_id: str) -> str:
    return rule_id if _RULE.fullmatch(rule_id) else "unknown"


def _technique(value: int) -> str:
    if value in wire.Technique.values() and value:
        return wire.Technique.Name(wire.Technique.ValueType(value)).removeprefix("TECHNIQUE_").lower()
    return UNKNOWN


def _field(value: int) -> str:
    if value in wire.Field.values() and value:
        return wire.Field.Name(wire.Field.ValueType(value)).removeprefix("FIELD_").lower()
    return "unknown"
