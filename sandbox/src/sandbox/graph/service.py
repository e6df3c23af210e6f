"""One Graph operation from question to answer, whether it came alone or in a $batch.

The steps: (1) route, (2) scope, (3) what goes wrong before Graph does anything, (4) a slot of the mailbox, (5) the time
it takes, (6) the operation, (7) what goes wrong with the answer.
"""

import asyncio
import dataclasses
import uuid

from sandbox.authority.office import Office
from sandbox.faults import Fault
from sandbox.graph import bearer, error, query, routes, scope
from sandbox.graph.desk import Desk
from sandbox.graph.exchange import IMMUTABLE_PREFERENCE, Answer, Call, ConnectionCut, Garbled
from sandbox.graph.throttle import MailboxLimit
from sandbox.request_log import Logged, RequestLog, headers_of, options_of

JSON = "application/json"


@dataclasses.dataclass(frozen=True, slots=True)
class Service:
    """Answers calls. `limits` is by mailbox; `seconds` is how long each operation takes at least."""

    desk: Desk
    office: Office
    limits: dict[str, MailboxLimit]
    log: RequestLog
    seconds: float

    async def answer(self, call: Call, batch: int | None = None) -> Answer:
        """The answer to one call, an error included; ConnectionCut and Garbled pass through. `batch` is for the log."""
        running = self.limits[call.mailbox].running
        try:
            answer = await self._attempt(call)
        except error.GraphError as failed:
            answer = failed.answer(str(uuid.uuid4()))
        except (ConnectionCut, Garbled) as cut:
            self._note(call, 0 if isinstance(cut, ConnectionCut) else 200, batch, running)
            raise
        self._note(call, answer.status, batch, running)
        return answer

    async def _attempt(self, call: Call) -> Answer:
        route, names = routes.match(call.method, call.path)  # (1)
        call = dataclasses.replace(call, route=route.name, names=names)
        scope.demand(call, route.scopes)  # (2)
        _demand_json(call)
        before(self.desk, self.office, call)  # (3)
        with self.limits[call.mailbox].slot():  # (4)
            await asyncio.sleep(self.seconds + delay(self.desk, call.route))  # (5)
            answer = route.operation(self.desk, call)  # (6)
        if self.desk.faults.strikes(Fault.GARBAGE_JSON, call.route):  # (7)
            raise Garbled
        return dataclasses.replace(answer, headers=dict(answer.headers) | _preference_applied(call))

    def _note(self, call: Call, status: int, batch: int | None, running: int) -> None:
        options, headers = options_of(call.query), headers_of(call.headers)
        self.log.add(
            Logged(call.method, _template(call), options, headers, status, call.connection.number, batch, running)
        )


def _template(call: Call) -> str:
    try:
        return routes.match(call.method, call.path)[0].template
    except error.GraphError:
        return "(none)"


def _demand_json(call: Call) -> None:
    if call.method == "POST" and not call.headers.get("content-type", "").startswith(JSON):
        raise error.unsupported_media_type()


def before(desk: Desk, office: Office, call: Call) -> None:
    """What can go wrong before anything was done."""
    if desk.faults.strikes(Fault.RESET_BEFORE, call.route):
        raise ConnectionCut
    if desk.faults.strikes(Fault.CLAIMS_CHALLENGE, call.route):
        raise bearer.challenge(office, office.challenges.raise_for(call.account.oid))
    if rule := desk.faults.strikes(Fault.THROTTLE, call.route):
        raise error.throttled("MailboxConcurrency", rule.retry_after)
    if rule := desk.faults.strikes(Fault.UNAVAILABLE, call.route):
        raise error.unavailable(rule.retry_after)
    if desk.faults.strikes(Fault.GATEWAY_TIMEOUT, call.route):
        raise error.gateway_timeout()


def delay(desk: Desk, route: str) -> float:
    """Extra seconds that this call takes."""
    rule = desk.faults.strikes(Fault.LATENCY, route)
    return rule.seconds if rule else 0.0


def _preference_applied(call: Call) -> dict[str, str]:
    size = query.page_size_preference(call)
    applied = [IMMUTABLE_PREFERENCE] if call.immutable else []
    if size is not None and call.route.endswith("/delta"):
        applied.append(f"{query.PAGE_SIZE_PREFERENCE}{size}")
    return {"Preference-Applied": ", ".join(applied)} if applied else {}
