"""/api/v1/api-keys: a person's API keys. Made, seen and ended by the person signed in, never by a key."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field, StringConstraints

from gateway.api.context import Asking
from gateway.api.model import Answer, Body
from gateway.identity.api_keys import ApiKeys, Named, Wanted
from gateway.store import clock
from gateway.store.codes import Scope

Name = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]
WantedScope = Annotated[Scope, Field(strict=False)]  # JSON has strings, not members of an enum
EPOCH = date(1970, 1, 1)


class ApiKeyRequest(Body):
    """What a program is to be allowed. `mailbox_id` absent: all mailboxes of the person."""

    name: Annotated[Name, Field(description="which program it is for; kept encrypted")]
    scopes: Annotated[list[WantedScope], Field(min_length=1, max_length=len(Scope))]
    expires_in_days: Annotated[int, Field(ge=1, le=3660, description="the operator sets how many are allowed")]
    mailbox_id: Annotated[str, Field(max_length=64)] | None = None


class ApiKeyAnswer(Answer):
    """A key, without its secret. `last_used_on` is a day, and all that is noted of its use."""

    id: str
    name: str
    scopes: list[Scope]
    mailbox_id: str | None
    created_at: datetime
    expires_at: datetime
    last_used_on: date | None


class ApiKeyMade(ApiKeyAnswer):
    """A new key: `key` is its text, which is shown here and never again."""

    key: str


class ApiKeyList(Answer):
    """All of a person's keys, oldest first; there are 20 at most."""

    items: list[ApiKeyAnswer]


def router(api_keys: ApiKeys) -> APIRouter:
    """The routes, over these."""
    routes = APIRouter(prefix="/api/v1/api-keys", tags=["api-keys"])

    @routes.post("", status_code=201, operation_id="make_api_key")
    async def make(who: Asking, wanted: ApiKeyRequest) -> ApiKeyMade:
        """Makes a key. Its text is in this answer alone."""
        scopes = frozenset(wanted.scopes)
        asked = Wanted(wanted.name, scopes, wanted.expires_in_days, wanted.mailbox_id)
        named, text = await api_keys.make(who.person_id, asked)
        return ApiKeyMade(**_answer(named).model_dump(), key=text)

    @routes.get("", operation_id="list_api_keys")
    async def list_keys(who: Asking) -> ApiKeyList:
        """The asking person's keys."""
        return ApiKeyList(items=[_answer(one) for one in await api_keys.of_person(who.person_id)])

    @routes.delete("/{key_id}", status_code=204, operation_id="revoke_api_key")
    async def revoke(who: Asking, key_id: Annotated[str, Path(max_length=64)]) -> None:
        """Ends a key for ever: at once here, within 5 seconds on other replicas."""
        await api_keys.revoke(who.person_id, key_id)

    return routes


def _answer(named: Named) -> ApiKeyAnswer:
    key, day = named.key, named.key.last_used_on
    return ApiKeyAnswer(
        id=key.id,
        name=named.name,
        scopes=sorted(key.scopes),
        mailbox_id=key.mailbox_id,
        created_at=_moment(key.created_at),
        expires_at=_moment(key.expires_at),
        last_used_on=None if day is None else EPOCH + timedelta(days=day),
    )


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / clock.SECOND, UTC)
