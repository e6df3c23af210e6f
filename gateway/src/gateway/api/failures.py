"""The one table from what goes wrong inside to what a client is told. What is not in it is an internal error."""

from collections.abc import Mapping
from typing import Final

from fastapi import FastAPI, Request, Response

from chassis.errors import (
    FailedPrecondition,
    Internal,
    NotFound,
    PreconditionFailed,
    ServiceError,
    Unauthenticated,
    Unavailable,
)
from gateway.edge.problems import respond
from gateway.graph import errors as graph
from gateway.identity.needs_sign_in import NeedsSignIn
from gateway.store import errors as store
from gateway.vault import errors as vault

FAILURES: Final[Mapping[type[Exception], type[ServiceError]]] = {
    store.RowAbsent: NotFound,
    store.StaleVersion: PreconditionFailed,
    store.IllegalTransition: FailedPrecondition,
    store.TooMany: FailedPrecondition,
    vault.PersonErased: Unauthenticated,
    vault.KeyAbsent: Unauthenticated,
    vault.KeyExhausted: NeedsSignIn,
    graph.NeedsSignIn: NeedsSignIn,
    graph.FolderGone: NotFound,
    graph.FolderRefused: FailedPrecondition,
    graph.Refused: FailedPrecondition,
    graph.Throttled: Unavailable,
    graph.GraphUnavailable: Unavailable,
    graph.GraphError: Unavailable,
}


def told(error: Exception) -> ServiceError:
    """What a client learns of an error: the nearest class in the table decides."""
    for kind in type(error).__mro__:
        if kind in FAILURES:
            return FAILURES[kind](_sentence(error), retry_after=getattr(error, "retry_after", None))
    return Internal()


def install(app: FastAPI) -> None:
    """Answers the table's errors as problems."""

    async def on_failure(request: Request, error: Exception) -> Response:
        return respond(request, told(error))

    for kind in (store.StoreError, graph.GraphError, vault.VaultError):
        app.add_exception_handler(kind, on_failure)


def _sentence(error: Exception) -> str | None:
    """Graph's own sentences tell an owner what to do; the others' are for engineers."""
    return error.sentence if isinstance(error, graph.GraphError) else None
