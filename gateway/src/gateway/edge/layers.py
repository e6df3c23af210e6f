"""The one order in which a request crosses the edge.

Outermost first:

1. Trace            an id for everything that follows, refusals included
2. Origins          where it comes from, and that it was refused, for the audit log
3. SecurityHeaders  on whatever comes back
4. Problems         whatever goes wrong further in leaves in one form
5. Methods          TRACE and the like
6. AddressLimit     before anything costs work
7. Tokens           who it is
8. PersonLimit      how much that person may
9. Bodies           only now is a body read, and only so much of it
10. the application
"""

import secrets
from collections.abc import Mapping

from opentelemetry.trace import Tracer
from starlette.types import ASGIApp

from gateway.edge.body import Bodies
from gateway.edge.headers import SecurityHeaders
from gateway.edge.methods import Methods
from gateway.edge.origin import Audit, Origins
from gateway.edge.problems import Problems
from gateway.edge.rate_limit import AddressLimit, Limits, PersonLimit
from gateway.edge.tokens import KeyCheck, LiveCheck, Tokens, Verifier, no_keys
from gateway.edge.trace import Trace


def wrap(  # noqa: PLR0913  # the edge's whole configuration, by keyword
    app: ASGIApp,
    *,
    verifier: Verifier,
    is_live: LiveCheck,
    audit: Audit,
    tracer: Tracer,
    key_check: KeyCheck = no_keys,
    limits: Limits | None = None,
    body_caps: Mapping[str, int] | None = None,
) -> ASGIApp:
    """`app` behind every layer. limits: Limits() when absent; body_caps: path -> bytes where a route differs."""
    granted = limits or Limits()
    secret = secrets.token_bytes(32)  # keys of the in-process limiter: nobody has to know them, a restart forgets them
    layered: ASGIApp = Bodies(app, caps=body_caps or {})
    layered = PersonLimit(layered, limits=granted, secret=secret)
    layered = Tokens(layered, verifier=verifier, is_live=is_live, key_check=key_check)
    layered = AddressLimit(layered, limits=granted, secret=secret)
    layered = Methods(layered)
    layered = Problems(layered)
    layered = SecurityHeaders(layered)
    layered = Origins(layered, audit=audit)
    return Trace(layered, tracer=tracer)
