"""Long, resumable work. The only module that knows DBOS; the truth is in our own tables.

What DBOS stores of a workflow is an id of ours, step numbers and counts: never a page, a subject, a clearance or an
exception's words. Nothing in its tables can be executed: the codec is closed and its pickle path is taken out.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime
from typing import Any

from dbos import DBOS, DBOSConfig, SetEnqueueOptions, SetWorkflowID
from dbos import _serialization as dbos_serialization
from opentelemetry import trace
from sqlalchemy import Engine

from chassis import logs

QUEUE = "mailboxes"
VERSION = "1"  # pinned: DBOS's default hashes source, and pending work of an old hash waits for ever
POLL_SECONDS = 0.2  # how soon queued work starts
THREADS = 64  # DBOS makes its pool the default one of every loop it sees; its own limit is none
DRAIN_SECONDS = 20  # how long a shutdown waits for the step in flight
PAGE = 500  # ended workflows deleted at a time
SUBJECTS = 50  # scans and runs of which all attempts are asked for at a time
_ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
_CODE = re.compile(r"[a-z_]{1,40}")
MAX_STORED = 1024  # characters of anything that DBOS may store for us

_log = logs.get("gateway.work")

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


class PickleRefused(Exception):
    """A row asked for DBOS's pickle path, which executes code. It was edited by somebody, or DBOS changed."""


class StepFailed(Exception):
    """A step ended with a coded error; code is one of chassis.errors and the only thing that is stored of it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Codec(dbos_serialization.Serializer):
    """JSON of short, plain values. An exception is stored as its code alone."""

    def name(self) -> str:
        return "mail_organiser_json"

    def serialize(self, data: Any) -> str:
        plain = {"failed": _code(data)} if isinstance(data, BaseException) else {"value": data}
        text = json.dumps(plain, allow_nan=False)
        if len(text) > MAX_STORED:
            raise ValueError("more than ids and counts was given to durable work")
        return text

    def deserialize(cls, serialized_data: str) -> Any:  # noqa: N805  # DBOS declares it so
        plain = json.loads(serialized_data)
        if set(plain) == {"failed"}:
            return StepFailed(str(plain["failed"]))
        return plain["value"]


class Steps:
    """Runs the steps of one workflow, each once to its end; after a crash the first unfinished one runs again.

    DBOS runs workflows on a loop of its own; a step runs on loop, where our connections and locks live.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    async def run(self, name: str, step: Callable[..., Awaitable[Json]], *arguments: str | int) -> Json:
        """Runs one step and stores its result. Raises StepFailed with the code of what the step raised."""

        async def coded() -> Json:
            try:
                running = asyncio.run_coroutine_threadsafe(_traced(name, step(*arguments)), self._loop)
                return await asyncio.wrap_future(running)
            except Exception as error:  # noqa: BLE001  # whatever it is, only a code may be stored
                raise _failed(name, error) from None

        return await DBOS.run_step_async({"name": name}, coded)


Workflow = Callable[[Steps, str], Awaitable[None]]


class Work:
    """DBOS over our own database, one queue, one piece of work at a time for a mailbox."""

    def __init__(self, engine: Engine, *, executor: str) -> None:
        _take_out_pickle()
        config = DBOSConfig(
            name="mail-organiser",
            system_database_url=engine.url.render_as_string(hide_password=False),
            system_database_engine=engine,
            application_version=VERSION,
            executor_id=executor,
            serializer=Codec(),
            max_executor_threads=THREADS,
            enable_otlp=False,
            log_level="WARNING",
        )
        self._dbos = DBOS(config=config)
        self._workflows: dict[str, Callable[[str], Awaitable[None]]] = {}
        self._going: set[str] = set()  # of this process

    def register(self, name: str, workflow: Workflow) -> None:
        """Makes a workflow known; before launch, under a name that stays, on the loop that its steps are to run on."""
        loop = asyncio.get_running_loop()

        async def run(subject_id: str) -> None:
            self._going.add(subject_id)
            try:
                await workflow(Steps(loop), subject_id)
            finally:
                self._going.discard(subject_id)

        run.__qualname__ = run.__name__ = name
        self._workflows[name] = DBOS.workflow(name=name)(run)

    async def launch(self) -> None:
        """Starts the workers and takes up what a crash left behind."""
        await asyncio.to_thread(DBOS.launch)
        await DBOS.register_queue_async(QUEUE, partition_concurrency=1, polling_interval_sec=POLL_SECONDS)

    async def drain(self) -> None:
        """Stops taking work, lets the steps in flight end, closes. Off the loop: on it everything would freeze."""
        await asyncio.to_thread(DBOS.destroy, workflow_completion_timeout_sec=DRAIN_SECONDS)

    async def start(self, name: str, subject_id: str, *, mailbox: str, attempt: int = 0) -> None:
        """Queues a workflow for a scan or a run; the same id and attempt twice is one workflow."""
        with SetWorkflowID(f"{subject_id}.{attempt}"), SetEnqueueOptions(queue_partition_key=mailbox):
            await DBOS.enqueue_workflow_async(QUEUE, self._workflows[name], subject_id)  # type: ignore[arg-type]  # it takes any awaitable

    async def stop(self, subject_ids: Collection[str], patience: float) -> None:
        """Stops these workflows, and waits until their steps in flight here have ended, `patience` seconds at most."""
        for subject_id in subject_ids:
            await self.cancel(subject_id)
        for _ in range(int(patience / POLL_SECONDS)):
            if self._going.isdisjoint(subject_ids):
                return
            await asyncio.sleep(POLL_SECONDS)

    async def forget(self, subject_ids: Sequence[str]) -> None:
        """Deletes all that is stored of these workflows; stop them first."""
        for start in range(0, len(subject_ids), SUBJECTS):
            await DBOS.delete_workflows_async(await self._attempts(subject_ids[start : start + SUBJECTS]))

    async def forget_ended(self, *, before: datetime) -> int:
        """Deletes what is stored of workflows that ended before that moment; how many that were."""
        count = 0
        while True:
            page = await DBOS.list_workflows_async(
                status=_ENDED, completed_before=before.isoformat(), limit=PAGE, load_input=False, load_output=False
            )
            await DBOS.delete_workflows_async([one.workflow_id for one in page])
            count += len(page)
            if len(page) < PAGE:
                return count

    async def cancel(self, subject_id: str) -> None:
        """Stops a subject's workflows at their next step boundaries."""
        for workflow_id in await self._attempts([subject_id]):
            await DBOS.cancel_workflow_async(workflow_id)

    @staticmethod
    async def _attempts(subject_ids: Sequence[str]) -> list[str]:
        """The ids of all workflows that these had."""
        prefixes = [f"{subject_id}." for subject_id in subject_ids]
        found = await DBOS.list_workflows_async(workflow_id_prefix=prefixes, load_input=False, load_output=False)
        return [one.workflow_id for one in found]


async def _traced(name: str, step: Awaitable[Json]) -> Json:
    """One trace a step: what it asks of sentinel and classifier hangs below."""
    with trace.get_tracer("gateway.work").start_as_current_span(f"step.{name}"):
        return await step


def _failed(step: str, error: Exception) -> StepFailed:
    """What of an error may be stored. Nobody sees the rest again, so its type and place are logged here."""
    failed = StepFailed(_code(error))
    _log.warning("step.failed", step=step, code=failed.code, error_type=type(error), at=error.__traceback__)
    return failed


def _code(error: object) -> str:
    """The code of an error that has one: ServiceError's and GraphError's are of closed sets."""
    code = getattr(error, "code", None)
    return code if isinstance(code, str) and _CODE.fullmatch(code) else "internal"


def _take_out_pickle() -> None:
    """A row's serialization column chooses the decoder, so a custom serializer alone stops nothing."""

    def refuse(*_: object) -> Any:
        raise PickleRefused("durable work holds no pickles")

    dbos_serialization.DefaultSerializer.serialize = refuse  # type: ignore[method-assign,assignment]  # taken out
    dbos_serialization.DefaultSerializer.deserialize = refuse  # type: ignore[method-assign,assignment]  # taken out
