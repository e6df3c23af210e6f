"""Scans of a mailbox, and the previews that they leave: text joined live from Microsoft, never stored."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from chassis.errors import InvalidArgument
from gateway.api.context import ContextOf, Mailbox, Revision
from gateway.api.model import Answer, Body
from gateway.graph.message import Message, MessageId
from gateway.organise import previews, quarantine
from gateway.organise.context import Context
from gateway.store.codes import DecidedBy, DecisionKind, WorkState
from gateway.store.decisions import Decision, Finding
from gateway.store.scans import Scan

router = APIRouter(prefix="/api/v1/mailboxes/{mailbox_id}/scans", tags=["scans"])
