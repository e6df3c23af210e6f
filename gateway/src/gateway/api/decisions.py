"""The preview of a scan: what would happen to each message and why. Text is joined live and stored nowhere."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from gateway.api.context import ContextOf, CursorsOf, Mailbox, Revision
from gateway.api.message import MessageAnswer
from gateway.api.model import Answer, Body, Ids, Remember, columns
from gateway.organise import changes, previews, quarantine
from gateway.store import scans
from gateway.store.codes import DecidedBy, DecisionKind
from gateway.store.decisions import Filters

router = APIRouter(prefix="/api/v1/mailboxes/{mailbox_id}/scans/{scan_id}/decisions", tags=["decisions"])
ScanId = Annotated[str, Path(max_length=64)]
DecisionId = Annotated[str, Path(max_length=64)]


class FindingAnswer(Answer):
    """Why sentinel was suspicious. start and end count code points of the field."""

    technique: str
    field: str
    start: int
    end: int
    weight: float
    rule_id: str


class DecisionAnswer(Answer):
    """What would happen to one message. confidence and risk are 0 to 1; ruled_by: the rule or protection."""

    id: str
    kind: DecisionKind
    folder_id: str | None
    confidence: float | None
    risk: float
    reason: str
    engine: str
    decided_by: DecidedBy
    ruled_by: str | None


class ChangedAnswer(DecisionAnswer):
    """A decision of the owner. alike: how many others of its sender could be changed likewise; none to be looked at."""

    alike: int


class AlikeAnswer(Answer):
    """How many decisions were changed."""

    changed: int


class ManyAnswer(AlikeAnswer):
    """left: those that were not, because each is to be looked at or stays for a reason: change it by itself."""

    left: list[str]


class RowAnswer(DecisionAnswer):
    """A decision, its evidence, its message (null when it is gone), and in a sentence what a rule says."""

    findings: list[FindingAnswer]
    message: MessageAnswer | None
    sentence: str | None


class Page(Answer):
    """A page of the preview; next_cursor is null on the last one."""

    items: list[RowAnswer]
    next_cursor: str | None


class DecisionChange(Body):
    """Where the message shall go instead; null: it stays where it is."""

    folder_id: Annotated[str | None, Field(max_length=64)]


class ManyChange(DecisionChange):
    """The same for several."""

    decision_ids: Ids


class ReleaseRequest(Body):
    """What is remembered with the release, so that mail like it is for review from the next scan on; null: nothing."""

    remember: Remember | None = None


@router.get("", operation_id="list_decisions")
async def list_decisions(  # noqa: PLR0913, PLR0917  # FastAPI's way to name query parameters
    mailbox: Mailbox,
    scan_id: ScanId,
    context: ContextOf,
    cursors: CursorsOf,
    kind: DecisionKind | None = None,
    folder_id: Annotated[str | None, Query(max_length=64)] = None,
    sure_from: Annotated[float | None, Query(ge=0, le=1, allow_inf_nan=False)] = None,
    changed: Annotated[bool | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=previews.MOST)] = previews.MOST,
    cursor: Annotated[str | None, Query(max_length=64)] = None,
) -> Page:
    """The preview, in the mailbox's order. Of one kind, into one folder, as sure at least, or (not) decided by you."""
    await context.read(lambda connection: scans.get(connection, mailbox, scan_id))
    filters = Filters(kind=kind, folder_id=folder_id, decided_by=_by(changed), sure_from=sure_from)
    name = f"decisions/{scan_id}/{kind}/{folder_id}/{changed}/{sure_from}"
    after = cursors.open(name, cursor)
    rows = await previews.page(context, mailbox, scan_id, after=after, limit=limit, filters=filters)
    following = cursors.sign(name, rows[-1].decision.seq) if len(rows) == limit else None
    return Page(items=[_row(row) for row in rows], next_cursor=following)


@router.patch("", operation_id="change_decisions")
async def change_decisions(  # noqa: PLR0913, PLR0917  # as above
    mailbox: Mailbox, scan_id: ScanId, change: ManyChange, revision: Revision, context: ContextOf, response: Response
) -> ManyAnswer:
    """The owner decides otherwise about several messages, all that can be or none."""
    many = await changes.several(
        context, mailbox, scan_id, change.decision_ids, folder_id=change.folder_id, revision=revision
    )
    response.headers["ETag"] = f'"{many.revision}"'
    return ManyAnswer(changed=many.changed, left=many.left)


@router.patch("/{decision_id}", operation_id="change_decision")
async def change_decision(  # noqa: PLR0913, PLR0917  # as above
    mailbox: Mailbox,
    scan_id: ScanId,
    decision_id: DecisionId,
    change: DecisionChange,
    revision: Revision,
    context: ContextOf,
    response: Response,
) -> ChangedAnswer:
    """The owner decides otherwise about one message."""
    changed = await changes.one(context, mailbox, scan_id, decision_id, folder_id=change.folder_id, revision=revision)
    response.headers["ETag"] = f'"{revision + 1}"'
    return ChangedAnswer.model_validate({**columns(changed.decision, DecisionAnswer), "alike": changed.alike})


@router.post("/{decision_id}/alike", operation_id="change_alike")
async def change_alike(  # noqa: PLR0913, PLR0917  # as above
    mailbox: Mailbox,
    scan_id: ScanId,
    decision_id: DecisionId,
    change: DecisionChange,
    revision: Revision,
    context: ContextOf,
    response: Response,
) -> AlikeAnswer:
    """The other messages of this one's sender go there too; none that is held or for review."""
    many = await changes.alike(context, mailbox, scan_id, decision_id, folder_id=change.folder_id, revision=revision)
    response.headers["ETag"] = f'"{many.revision}"'
    return AlikeAnswer(changed=many.changed)


@router.post("/{decision_id}/release", operation_id="release_message")
async def release_message(  # noqa: PLR0913, PLR0917  # as above
    mailbox: Mailbox,
    scan_id: ScanId,
    decision_id: DecisionId,
    revision: Revision,
    context: ContextOf,
    response: Response,
    wanted: ReleaseRequest | None = None,
) -> DecisionAnswer:
    """The owner says that a held message is no attack: it becomes one to review, and stays where it is."""
    remember = None if wanted is None else wanted.remember
    released = await quarantine.release(context, mailbox, scan_id, decision_id, revision=revision, remember=remember)
    response.headers["ETag"] = f'"{revision + 1}"'
    return DecisionAnswer.model_validate(columns(released, DecisionAnswer))


def _by(changed: bool | None) -> DecidedBy | None:  # noqa: FBT001  # as it stands in the query
    return None if changed is None else DecidedBy.OWNER if changed else DecidedBy.ENGINE


def _row(row: previews.Row) -> RowAnswer:
    findings = [FindingAnswer.model_validate(finding._asdict()) for finding in row.findings]
    message = MessageAnswer.of(row.message)
    return RowAnswer(**columns(row.decision, DecisionAnswer), findings=findings, message=message, sentence=row.sentence)
