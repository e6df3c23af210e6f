"""What a scan would cost, for its owner to see before it begins."""

from dataclasses import dataclass

from chassis.errors import FailedPrecondition, NotFound
from gateway.organise import estimate, folders, quota
from gateway.organise.context import Context, now
from gateway.organise.folders import Folder
from gateway.organise.terms import Terms
from gateway.store import spending
from gateway.store.spending import Spending


@dataclass(frozen=True, slots=True)
class Estimate:
    """cost: of asking about every message; left: of today's cap. Both are nothing when there is no provider."""

    messages: int
    terms: Terms
    cost: Spending
    left: Spending


async def of_scan(context: Context, mailbox_id: str, folder_id: str | None) -> Estimate:
    """Of a folder, the inbox when none is named."""
    live = await folders.refresh(context, mailbox_id)
    source = _source(live, folder_id)
    may = {row.id for row in await context.read(lambda connection: folders.open_rows(connection, mailbox_id))}
    targets = [folder.text for folder in live if folder.id in may and folder.id != source.id]
    terms = await quota.terms(context, await context.owner(mailbox_id))
    cost = estimate.cost(source.total, targets[: folders.MAX_CHOSEN], terms) if terms.on else spending.NOTHING
    return Estimate(source.total, terms, cost, await _left(context, mailbox_id, terms))


def _source(live: list[Folder], folder_id: str | None) -> Folder:
    wanted = (one for one in live if (one.well_known == "inbox" if folder_id is None else one.id == folder_id))
    found = next(wanted, None)
    if found is None and folder_id is not None:
        raise NotFound("there is no such folder here")
    if found is None:
        raise FailedPrecondition("this mailbox has no inbox that can be read")
    return found


async def _left(context: Context, mailbox_id: str, terms: Terms) -> Spending:
    person, day = await context.owner(mailbox_id), spending.day_of(now())
    spent = await context.read(lambda connection: spending.on(connection, person, day))
    return Spending(max(0, terms.daily.tokens - spent.tokens), max(0, terms.daily.nanos - spent.nanos))
