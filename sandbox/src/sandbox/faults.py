"""The faults that a test can switch on, a frozen closed set, and when each one strikes.

Guarantees that the same plan over the same calls strikes at the same calls: the randomness is seeded. Never strikes
without a plan.
"""

import dataclasses
import enum
import random
from collections import Counter
from collections.abc import Mapping
from typing import Any

CONNECTION_MOVE_LIMIT = 500  # outlook-dev-docs issue 144: ErrorMoveCopyFailed at exactly 500 moves on one connection


class Fault(enum.StrEnum):
    """What can go wrong. Graph's first, then the authority's."""

    THROTTLE = "throttle"
    UNAVAILABLE = "unavailable"
    GATEWAY_TIMEOUT = "gateway_timeout"
    TIMEOUT_AFTER_MOVE = "timeout_after_move"
    LATENCY = "latency"
    RESET_BEFORE = "reset_before"
    RESET_AFTER_MOVE = "reset_after_move"
    STALE_DELTA = "stale_delta"
    DUPLICATE_DELTA_ENTRY = "duplicate_delta_entry"
    CLAIMS_CHALLENGE = "claims_challenge"
    GARBAGE_JSON = "garbage_json"
    FOREIGN_NEXT_LINK = "foreign_next_link"
    PAGINATION_LOOP = "pagination_loop"
    MOVE_COPY_FAILED = "move_copy_failed"
    MOVE_IGNORES_SELECT = "move_ignores_select"
    CONFLICT = "conflict"
    FOLDER_GONE = "folder_gone"
    PERSONAL_ACCOUNT = "personal_account"
    BAD_NONCE = "bad_nonce"
    BAD_ISS = "bad_iss"
    BAD_CALLBACK_ISS = "bad_callback_iss"
    BAD_AUD = "bad_aud"
    EXPIRED = "expired"
    ALG_NONE = "alg_none"
    WRONG_KEY = "wrong_key"
    WRONG_TID = "wrong_tid"
    INVALID_GRANT = "invalid_grant"


class InvalidFault(ValueError):
    """A rule that no test can have meant; the message says what is wrong with it."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FaultRule:
    """When `fault` strikes: at a share `rate` of the calls (0 to 1) or at the `nth` calls (from 1), never both.

    `times` bounds how often. `route` is a method and path template ("POST /me/messages/{id}/move"); without it the
    fault strikes anywhere but at the outside of a $batch. `seconds` belongs to latency, `retry_after` (the header's
    text, "" for none) to throttle and unavailable, `link` to foreign_next_link, `moves` to move_copy_failed.
    """

    fault: Fault
    rate: float | None = None
    nth: tuple[int, ...] | None = None
    times: int | None = None
    route: str | None = None
    seconds: float = 0.2
    retry_after: str = "0.249"
    link: str = "https://graph.sandbox.invalid/v1.0/me/mailFolders/inbox/messages?$skiptoken=stolen"
    moves: int = CONNECTION_MOVE_LIMIT


BATCH = "POST /$batch"
RULE_TYPES: Mapping[str, tuple[type, ...]] = {
    "rate": (int, float),
    "nth": (list,),
    "times": (int,),
    "route": (str,),
    "seconds": (int, float),
    "retry_after": (str,),
    "link": (str,),
    "moves": (int,),
}


class FaultPlan:
    """Rules in force and how often each has been asked and has struck."""

    def __init__(self, rules: tuple[FaultRule, ...] = (), seed: int = 0) -> None:
        self.rules = rules
        self.seed = seed
        self._random = random.Random(seed)  # noqa: S311  # repeatable on purpose, guards nothing
        self._asked: Counter[int] = Counter()
        self.struck: Counter[int] = Counter()

    def strikes(self, fault: Fault, route: str) -> FaultRule | None:
        """The rule by which `fault` strikes this call, or None. Each asking counts as a call."""
        for place, rule in enumerate(self.rules):
            if rule.fault is fault and _covers(rule, route) and self._due(place, rule):
                self.struck[place] += 1
                return rule
        return None

    def _due(self, place: int, rule: FaultRule) -> bool:
        self._asked[place] += 1
        if rule.times is not None and self.struck[place] >= rule.times:
            return False
        if rule.nth is not None:
            return self._asked[place] in rule.nth
        return self._random.random() < (rule.rate or 0.0)


def _covers(rule: FaultRule, route: str) -> bool:
    return route != BATCH if rule.route is None else rule.route == route


def plan(document: object) -> FaultPlan:
    """The plan that {"seed": int, "faults": [{"fault": str, ...}]} describes; InvalidFault for anything else."""
    if not isinstance(document, dict) or set(document) - {"seed", "faults"}:
        raise InvalidFault("a plan is an object with 'seed' and 'faults' only")
    seed, faults = document.get("seed", 0), document.get("faults", [])
    if type(seed) is not int or not isinstance(faults, list):
        raise InvalidFault("'seed' is an integer and 'faults' a list")
    return FaultPlan(tuple(_rule(one) for one in faults), seed)


def _rule(document: object) -> FaultRule:
    if not isinstance(document, dict) or document.get("fault") not in list(Fault):
        raise InvalidFault("each rule names a 'fault' of the closed set")
    values = {name: _value(name, value) for name, value in document.items() if name != "fault"}
    rule = FaultRule(fault=Fault(document["fault"]), **values)
    if (rule.rate is None) == (rule.nth is None):
        raise InvalidFault("a rule has either 'rate' or 'nth'")
    if rule.rate is not None and not 0 <= rule.rate <= 1:
        raise InvalidFault("'rate' is between 0 and 1")
    return rule


def _value(name: str, value: object) -> Any:
    if name not in RULE_TYPES or not isinstance(value, RULE_TYPES[name]) or isinstance(value, bool):
        raise InvalidFault("a rule has an unknown key or a value of the wrong type")
    if isinstance(value, list):
        return _counts(value)
    return value


def _counts(value: list[Any]) -> tuple[int, ...]:
    if not all(type(one) is int and one > 0 for one in value):
        raise InvalidFault("'nth' is a list of whole numbers from 1")
    return tuple(value)


class FaultSwitch:
    """The plan in force; a test may put another in its place at any time."""

    def __init__(self) -> None:
        self.plan = FaultPlan()

    def strikes(self, fault: Fault, route: str) -> FaultRule | None:
        """What the plan in force says."""
        return self.plan.strikes(fault, route)
