"""The one order in which a request crosses the edge.

Outermost first:

 1. Trace            an id for everything that follows, refusals included
 2. Measure          how long whatever comes back took
 3. Origins          where it comes from, and that it was refused, for the audit log
 4. SecurityHeaders  on whatever comes back
 5. Problems         whatever goes wrong further in leaves in one form
 6. Shedding         not when there is too much to do
 7. Methods          TRACE and the like
 8. Forwarded        who is asking, when the operator's proxies stand in between
 9. AddressLimit     before anything costs work
10. Tokens           who it is
11. PersonLimit      how much that person may; one look at all limits that the request meets
12. Bodies           only now is a body read, and only so much of it
13. the application
"""

import secrets
from collections.abc import Collection, Mapping

from opentelemetry.trace import Tracer
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp

from gateway.edge.address import Forwarded, Network
from gateway.edge.body import Bodies
from gateway.edge.draw import Draw
from gateway.edge.headers import SecurityHeaders
from gateway.edge.limiter import Limiter, LocalLimiter
from gateway.edge.limits import Limits
from gateway.edge.load import Load
from gateway.edge.measure import Measure
from gateway.edge.methods import Methods
from gateway.edge.origin import Audit, Origins
from gateway.edge.problems import Problems
from gateway.edge.rate_limit import AddressLimit, PersonLimit
from gateway.edge.shedding import Shedding
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
    registry: CollectorRegistry,
    traced: float = 1.0,
    limits: Limits | None = None,
    limiter: Limiter | None = None,
    limit_secret: bytes | None = None,
    body_caps: Mapping[str, int] | None = None,
    load: Load | None = None,
    proxies: Collection[Network] = (),
) -> ASGIApp:
    """`app` behind every layer.

    traced: share of requests whose trace is kept; limits: Limits() when absent; limiter: this process's own when
    absent; limit_secret: what callers' keys depend on, the same for all that share a limiter, random when absent;
    body_caps: path -> bytes where a route differs. load: the listener's, Load() when absent; proxies:
    networks whose X-Forwarded-For is believed.
    """
    granted = limits or Limits()
    counting = limiter or LocalLimiter()
    secret = limit_secret or secrets.token_bytes(32)
    layered: ASGIApp = Bodies(app, caps=body_caps or {})
    layered = PersonLimit(layered, limits=granted, limiter=counting, secret=secret)
    layered = Tokens(layered, verifier=verifier, is_live=is_live, key_check=key_check)
    layered = AddressLimit(layered, limits=granted, limiter=counting, secret=secret)
    if proxies:
        layered = Forwarded(layered, proxies=proxies)
    layered = Methods(layered, routes=getattr(app, "routes", ()))
    layered = Shedding(layered, load=load or Load())
    layered = Problems(layered)
    layered = SecurityHeaders(layered)
    layered = Origins(layered, audit=audit)
    layered = Measure(layered, registry=registry)
    return Trace(layered, draw=Draw(tracer, traced))
