"""Asks the provider about the messages of a call that the learned engine is not sure of: improves, and loses nothing.

Guarantees: only a ProviderCleared message is asked about, one a request; a choice that the provider didn't make in
time, within the allowance and plainly stays the learned engine's; nothing of a prompt or an answer outlives the call.
"""

import asyncio
import random
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeGuard

from chassis import logs
from classifier.choice import Choice, Engine, Reason
from classifier.gate import Cleared, ProviderCleared
from classifier.provider import retry
from classifier.provider.answer import Abstained, Chosen, Reply
from classifier.provider.breaker import Breaker
from classifier.provider.endpoint import Endpoint
from classifier.provider.failure import FREE, WORTH_A_RETRY, AskFailed
from classifier.provider.judged import Improved, Judged
from classifier.provider.nearest import Nearest
from classifier.provider.prompt import Prompt, compose
from classifier.provider.purse import Amount, Purse, Reservation
from classifier.provider.tally import Outcome, Tally
from classifier.provider.template import Template
from classifier.provider.terms import Terms
from classifier.subject import normalise

MAX_PROMPT = 65_536  # bytes; two hundred folders with long descriptions have some 40,000
MAX_FOLDERS = 499  # some endpoints refuse an enum of over 500
_log = logs.get("classifier.provider")

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """What the requests of one call share. until: monotonic seconds."""

    judged: Judged
    nearest: Nearest
    purse: Purse
    until: float
    answers: dict[Key, Chosen]


class Desk:
    """One for a process: one endpoint, one breaker, so many requests at once."""

    def __init__(self, endpoint: Endpoint, template: Template, terms: Terms, breaker: Breaker, tally: Tally) -> None:
        self._endpoint = endpoint
        self._template = template
        self._terms = terms
        self._breaker = breaker
        self._tally = tally
        self._places = asyncio.Semaphore(terms.concurrency)

    async def improve(self, judged: Judged, allowance: Amount, until: float) -> Improved:
        """Ends by then, whatever the endpoint does."""
        purse = Purse(allowance, self._terms.prices)
        call = Call(judged, Nearest(judged.examples), purse, until, {})
        asked = self._askable(judged)
        await self._ask_all(call, asked)
        purse.cut_off()
        _log.info("provider.asked", count=len(asked), outcome="answered" if call.answers else "fell_back")
        pairs = zip(judged.messages, judged.choices, strict=True)
        return Improved([self._improved(call, message, choice) for message, choice in pairs], purse.spent)

    def _improved(self, call: Call, message: Cleared, choice: Choice) -> Choice:
        """The provider's choice if it was asked about this message and answered; otherwise the learned engine's."""
        answer = call.answers.get(_key(message)) if self._is_asked_about(message, choice) else None
        if answer is None:
            return choice
        return Choice(answer.folder, answer.confidence, Engine.PROVIDER, Reason.PROVIDER)

    def _is_asked_about(self, message: Cleared, choice: Choice) -> TypeGuard[ProviderCleared]:
        return isinstance(message, ProviderCleared) and choice.confidence < self._terms.threshold

    def _askable(self, judged: Judged) -> Mapping[Key, ProviderCleared]:
        """One message for each sender and digit-masked subject that the learned engine is not sure of."""
        if not 0 < len(judged.folders) <= MAX_FOLDERS:
            return {}
        unsure = (
            message
            for message, choice in zip(judged.messages, judged.choices, strict=True)
            if self._is_asked_about(message, choice)
        )
        return _first_of_each(unsure)

    async def _ask_all(self, call: Call, asked: Mapping[Key, ProviderCleared]) -> None:
        tasks = [asyncio.create_task(self._ask_one(call, key, message)) for key, message in asked.items()]
        if not tasks:
            return
        try:
            await asyncio.wait(tasks, timeout=max(0.0, call.until - time.monotonic()))
        finally:
            for task in tasks:
                task.cancel()
            _report(await asyncio.gather(*tasks, return_exceptions=True))

    async def _ask_one(self, call: Call, key: Key, message: ProviderCleared) -> None:
        async with self._places:
            started = time.monotonic()
            outcome = await self._answered(call, key, message)
            self._tally.count(outcome, time.monotonic() - started)

    async def _answered(self, call: Call, key: Key, message: ProviderCleared) -> Outcome:
        folders, examples = call.judged.folders, call.nearest.to(message)
        prompt = compose(self._template, message, folders, examples)
        if prompt.size > MAX_PROMPT:
            return Outcome.OVERSIZE
        end = min(call.until, time.monotonic() + self._terms.call_seconds)
        reply = await self._attempts(call.purse, prompt, end)
        if isinstance(reply, Outcome):
            return reply
        return _kept(call.answers, key, reply)

    async def _attempts(self, purse: Purse, prompt: Prompt, end: float) -> Reply | Outcome:
        """One request, and a second one when the first says that it may help and both fit."""
        last = Outcome.RESTING
        for _ in range(retry.ATTEMPTS):
            reservation = await purse.reserve(prompt.size)
            if reservation is None:
                return Outcome.OVER_ALLOWANCE
            if time.monotonic() >= end or not self._breaker.admits(time.monotonic()):
                await purse.release(reservation)
                return last
            try:
                return await self._request(purse, reservation, prompt, end)
            except AskFailed as failed:
                last = Outcome(failed.kind.value)
                if not await _waited(failed, end):
                    return last
        return last

    async def _request(self, purse: Purse, reservation: Reservation, prompt: Prompt, end: float) -> Reply:
        try:
            reply = await self._endpoint.ask(prompt, max(0.0, end - time.monotonic()))
        except AskFailed as failed:
            self._breaker.failed(time.monotonic())
            await (purse.release(reservation) if failed.kind in FREE else purse.settle(reservation, None))
            raise
        self._note(reply)
        await purse.settle(reservation, reply.usage)
        return reply

    def _note(self, reply: Reply) -> None:
        """An answer that is no completion at all says as much about an endpoint as none."""
        if reply.answer is Abstained.GARBLED:
            self._breaker.failed(time.monotonic())
        else:
            self._breaker.succeeded()


def _report(ends: Iterable[BaseException | None]) -> None:
    """A fault of ours costs one message the provider's opinion and nothing else; it is not passed over in silence."""
    for end in ends:
        if isinstance(end, Exception):
            _log.error("provider.fault", exc_info=end)


async def _waited(failed: AskFailed, end: float) -> bool:
    """Whether a second attempt is due, after the pause before it."""
    if failed.kind not in WORTH_A_RETRY:
        return False
    left = end - time.monotonic()
    wait = retry.pause(retry_after=failed.retry_after, jitter=random.random(), left=left)  # noqa: S311  # spreads load
    if wait is None:
        return False
    await asyncio.sleep(wait)
    return True


def _kept(answers: dict[Key, Chosen], key: Key, reply: Reply) -> Outcome:
    if isinstance(reply.answer, Abstained):
        return Outcome(reply.answer.value)
    answers[key] = reply.answer
    return Outcome.NONE if reply.answer.folder is None else Outcome.CHOSEN


def _first_of_each(messages: Iterable[ProviderCleared]) -> dict[Key, ProviderCleared]:
    found: dict[Key, ProviderCleared] = {}
    for message in messages:
        found.setdefault(_key(message), message)
    return found


def _key(message: Cleared) -> Key:
    """Whose messages share an answer: all that a prompt shows of them is the same, but for digits in the subject."""
    text = message.text
    return normalise(text.subject), *(part or "" for part in (text.sender_name, text.sender_address))
