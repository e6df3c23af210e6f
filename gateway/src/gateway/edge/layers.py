"""The one order in which a request crosses the edge.

Outermost first:

 1. Trace            an id for everything that follows, refusals included
 2. SecurityHeaders  on whatever comes back
 3. Problems         whatever goes wrong further in leaves in one form
 4. Shedding         not when there is too much to do
 5. Methods          TRACE and the like
 6. Forwarded        who is asking, when the operator's proxies stand in between
 7. AddressLimit     before anything costs work
 8. Tokens           who it is
 9. PersonLimit      how much that person may
10. Bodies           only now is a body read, and only so much of it
11. the application
"""

import secrets
from collections.abc import Collection, Mapping

from opentelemetry.trace import Tracer
from starlette.types import ASGIApp

from gateway.edge.address import Forwarded, Network
from gateway.edge.body import Bodies
from gateway.edge.headers import SecurityHeaders
from gateway.edge.load import Load
from gateway.edge.methods import Methods
from gateway.edge.problems import Problems
from gateway.edge.rate_limit import AddressLimit, Limits, PersonLimit
from gateway.edge.shedding import Shedding
from gateway.edge.tokens import KeyCheck, LiveCheck, Tokens, Verifier, no_keys
from gateway.edge.trace import Trace


def wrap(  # noqa: PLR0913  # the edge's whole configuration, by keyword
    app: ASGIApp,
    *,
    verifier: Verifier,
    is_live: LiveCheck,
    tracer: Tracer,
    key_check: KeyCheck = no_keys,
    limits: Limits | None = None,
    body_caps: Mapping[str, int] | None = None,
    load: Load | None = None,
    proxies: Collection[Network] = (),
) -> ASGIApp:
    """`app` behind every layer. limits: Limits() when absent; body_caps: path -> bytes where a route differs.

    load: the listener's, Load() when absent; proxies: networks whose X-Forwarded-For is believed.
    """
    granted = limits or Limits()
    secret = secrets.token_bytes(32)  # keys of the in-process limiter: nobody has to know them, a restart forgets them
    layered: ASGIApp = Bodies(app, caps=body_caps or {})
    layered = PersonLimit(layered, limits=granted, secret=secret)
    layered = Tokens(layered, verifier=verifier, is_live=is_live, key_check=key_check)
    layered = AddressLimit(layered, limits=granted, secret=secret)
    if proxies:
        layered = Forwarded(layered, proxies=proxies)
    layered = Methods(layered, routes=getattr(app, "routes", ()))
    layered = Shedding(layered, load=load or Load())
    layered = Problems(layered)
    layered = SecurityHeaders(layered)
    return Trace(layered, tracer=tracer)
