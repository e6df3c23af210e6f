"""Builds the gateway, and nothing else does. Read from top to bottom, it is the architecture."""

import chassis  # noqa: F401  # isort: skip  # before ssl and grpc, which read their settings while they are imported

import asyncio
import gc
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from opentelemetry import trace
from prometheus_client import Counter, Info
from sqlalchemy import Engine

from chassis import logs, process, settings, telemetry
from chassis.channel import open_channel
from chassis.exposition import expose
from chassis.metrics import Metrics
from gateway import app, deployment, health, rounds
from gateway import mode as modes
from gateway.api.csp_reports import Violations
from gateway.api.cursor import Cursors
from gateway.api.fast import Fast
from gateway.audit.attestation import Attestation
from gateway.audit.counts import AuditCounts
from gateway.audit.event import Event, Kind
from gateway.audit.tally import Tally
from gateway.audit.trail import Trail
from gateway.clients.classifier import ClassifierClient
from gateway.clients.sentinel import SentinelClient
from gateway.edge.counts import EdgeCounts
from gateway.edge.headers import CSP_REPORTS
from gateway.edge.layers import wrap
from gateway.edge.limiter import Limiter, LocalLimiter
from gateway.edge.listener import Address, Gauges, Listener, Terms
from gateway.edge.load import Load
from gateway.edge.redis_buckets import RedisBuckets, open_redis
from gateway.edge.shared_limiter import LimiterMetrics, SharedLimiter
from gateway.graph.calls import GraphCalls
from gateway.graph.clock import SystemClock
from gateway.graph.endpoint import Endpoint
from gateway.graph.link import Asked
from gateway.graph.transport import Connection
from gateway.identity import key_rotation, scopes
from gateway.identity.api_keys import ApiKeys
from gateway.identity.jwt import AccessTokens
from gateway.identity.key_rotation import KeyRotation
from gateway.identity.live import LiveSessions
from gateway.identity.microsoft import Microsoft
from gateway.identity.revocation import SignOut
from gateway.identity.sessions import Sessions
from gateway.identity.sign_in import SignIns
from gateway.identity.signals import Signals
from gateway.identity.token_source import TokenSource
from gateway.incidents.gauges import IncidentClock
from gateway.incidents.register import Register
from gateway.organise import plan, requests
from gateway.organise.apply import ApplyWorkflow
from gateway.organise.context import Context
from gateway.organise.inspector import Inspector
from gateway.organise.judge import Judge
from gateway.organise.mailbox_graph import MailboxGraphs
from gateway.organise.scan import ScanWorkflow
from gateway.processors import register
from gateway.rights import rewriting
from gateway.rights.daily import Daily
from gateway.rights.disconnection import Disconnections
from gateway.rights.ends import Ends
from gateway.rights.erasure import Erasures
from gateway.rounds import Round
from gateway.settings import GatewaySettings
from gateway.store import clock
from gateway.store import engine as store
from gateway.vault.errors import VaultError
from gateway.vault.keyring import Keyring, Purpose
from gateway.vault.vault import Vault
from gateway.web.violation import MAX_BYTES
from gateway.work import Work

USAGE = "usage: mail-organiser-gateway --settings FILE\n"
DISTRUSTED = "peer_handshakes_failed"  # Prometheus adds _total
HOUR_SECONDS = 3600.0  # between two looks whether a day's work is due
INCIDENT_SECONDS = 60.0  # between two looks into the register of incidents
CALLBACK = "/api/v1/session/callback"


def main() -> None:
    """The console entry point."""
    if len(sys.argv) != 3 or sys.argv[1] != "--settings":  # noqa: PLR2004  # the option and its value
        sys.stderr.write(USAGE)
        sys.exit(2)
    logs.configure("gateway")
    sys.exit(process.run(lambda stopping: serve(Path(sys.argv[2]), stopping)))


async def serve(path: Path, stopping: asyncio.Event) -> None:
    """Runs until told to stop: first no new requests, then the step in flight, then the rest."""
    configured = settings.load(GatewaySettings, path)
    tracing = telemetry.configure("gateway", configured.otlp_endpoint, sampled=configured.otlp_sampled)
    try:
        async with _built(configured) as listener:
            _settle()
            serving = asyncio.create_task(listener.serve())
            await asyncio.wait([serving, asyncio.create_task(stopping.wait())], return_when=asyncio.FIRST_COMPLETED)
            listener.should_exit = True
            await serving
    finally:
        tracing.shutdown()


def _settle() -> None:
    """What was built stays, so the collector need not look at it again; and it need not look so often (700 at first).

    Half a million objects of libraries, looked at in the middle of requests, were a tenth of what a request costs.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


@asynccontextmanager
async def _built(configured: GatewaySettings) -> AsyncIterator[Listener]:
    async with AsyncExitStack() as stack:
        metrics = Metrics()
        _named(metrics, configured)
        stack.enter_context(
            expose(metrics, configured.peer_tls.files, configured.metrics_host, configured.metrics_port)
        )
        metrics.certificate("edge", configured.edge_tls.files)
        keyring = deployment.open_or_create(configured)
        told = AuditCounts(metrics.registry)
        tally = Tally(told.told)
        vault = Vault(keyring, configured.deployment, note=tally.note)
        audit = Trail(keyring, vault, configured.deployment, tally=tally, failed=told.failed, told=told.told)
        engine = store.open(configured.database)
        stack.callback(engine.dispose)
        store.migrate(engine)
        _begun(engine, audit, configured, rotated=vault.renew(engine))
        stack.push_async_callback(audit.flush, engine)
        microsoft = Microsoft(configured.microsoft)
        stack.callback(microsoft.close)
        token_source = TokenSource(engine, vault, microsoft, audit)
        graphs = await _graphs(stack, configured, token_source, GraphCalls(metrics.registry))
        distrusted = Counter(
            DISTRUSTED, "Calls to a peer that did not prove who it is", ["peer"], registry=metrics.registry
        )
        sentinel, classifier = (
            open_channel(peer.target, configured.peer_tls.files, peer.name, distrusted=distrusted.labels(name).inc)
            for name, peer in (("sentinel", configured.sentinel), ("classifier", configured.classifier))
        )
        stack.push_async_callback(sentinel.close)
        stack.push_async_callback(classifier.close)
        judge = Judge(SentinelClient(sentinel), ClassifierClient(classifier))
        plans = plan.load(configured.plans, configured.plan)
        context = Context(engine, vault, judge, graphs.of, configured.graph.settle_seconds, plans, audit)
        work = await _work(stack, configured, context)
        tokens = _tokens(stack, configured, keyring)
        live = LiveSessions(engine)
        api_keys = ApiKeys(engine, vault, live, audit, max_days=configured.api_keys.max_days)
        attestation = Attestation(keyring, configured.deployment)
        ends = Ends(live.end, token_source.forget)
        erasures = Erasures(context, work, attestation, ends)
        parts = app.Parts(
            context=context,
            work=work,
            cursors=Cursors(keyring.newest(Purpose.CURSOR).secret),
            health=health.Health(
                {
                    "database": health.database(engine),
                    "sentinel": health.peer(sentinel),
                    "classifier": health.peer(classifier),
                },
                provider=health.provider(judge.classifier),
            ),
            sign_ins=SignIns(engine, vault, microsoft, audit, redirect_uri=configured.public_url + CALLBACK),
            sessions=Sessions(engine, tokens, live, Signals(metrics.registry), audit),
            sign_out=SignOut(engine, live, audit),
            api_keys=api_keys,
            erasures=erasures,
            disconnections=Disconnections(context, work, attestation, ends),
            inspector=Inspector(judge.sentinel),
            violations=Violations(metrics.registry),
            periods=deployment.periods(configured),
            mode=configured.mode,
            public_url=configured.public_url,
            disclosure=configured.disclosure,
            sub_processors=register.load(configured.sub_processors),
        )
        counts = EdgeCounts(metrics.registry)
        load = Load(counts=counts)
        edge = wrap(
            Fast(app.build(parts), app.fast_routes(parts)),
            verifier=tokens,
            is_live=live,
            key_check=api_keys,
            audit=audit,
            tracer=trace.get_tracer("gateway.edge"),
            registry=metrics.registry,
            traced=configured.otlp_sampled if configured.otlp_endpoint else 0.0,
            limits=configured.limits.limits,
            limiter=_limiter(stack, configured, metrics),
            limit_secret=keyring.newest(Purpose.RATE_LIMIT).secret,
            body_caps={CSP_REPORTS: MAX_BYTES},
            load=load,
            proxies=configured.trusted_proxies,
        )
        clock_of_incidents = IncidentClock(Register(keyring, configured.deployment, audit), metrics.registry)
        with suppress(VaultError):  # a register that does not open stops no mail; the round says so each minute
            await clock_of_incidents.look(engine)
        retention = deployment.retention(configured, engine, keyring, audit)
        daily = Daily(engine, vault, audit, retention, work, holder=configured.executor)
        await stack.enter_async_context(
            rounds.going(
                Round("audit_flush", configured.audit.flush_seconds, lambda: audit.flush(engine)),
                Round("incidents", INCIDENT_SECONDS, lambda: clock_of_incidents.look(engine)),
                Round("daily", HOUR_SECONDS, daily.round),
                Round("rewrite", HOUR_SECONDS, lambda: rewriting.rewrite(context)),
                Round("audit_checkpoint", HOUR_SECONDS, lambda: audit.note_heads(engine)),
            )
        )
        yield Listener(
            edge,
            Address(configured.host, configured.port),
            configured.edge_tls.files,
            terms=_terms(configured),
            gauges=Gauges(load, counts),
        )


def _named(metrics: Metrics, configured: GatewaySettings) -> None:
    """What runs here, for whom: mail_organiser_build_info."""
    build = Info("mail_organiser_build", "Which version runs, and in which mode", registry=metrics.registry)
    build.info({"version": version("mail-organiser-gateway"), "mode": configured.mode.value})


def _terms(configured: GatewaySettings) -> Terms:
    return Terms(
        connections=configured.connections,
        connections_of_a_client=configured.connections_of_a_client,
        proxies=configured.trusted_proxies,
        headers=modes.headers(configured.mode),
    )


def _begun(engine: Engine, audit: Trail, configured: GatewaySettings, *, rotated: str | None) -> None:
    """The first events of a process: which settings it runs with, and whether a key was due."""
    digest = sha256(repr(configured).encode()).hexdigest()[:32]  # they hold paths and no secrets
    with engine.begin() as connection:
        if rotated is not None:
            audit.record(connection, Event(Kind.KEY_ROTATED, object_id=rotated))
        audit.record(connection, Event(Kind.SETTINGS_LOADED, reason=digest))


def _tokens(stack: AsyncExitStack, configured: GatewaySettings, keyring: Keyring) -> AccessTokens:
    """Our access tokens, which follow the keyring's rotations as long as this process runs."""
    key_rotation.renew(keyring, clock.now())
    schedule = key_rotation.schedule(keyring.signing_keys(), clock.now())
    audience = f"{configured.public_url}/api"
    tokens = AccessTokens(schedule.keys(), issuer=configured.public_url, audience=audience)
    following = asyncio.create_task(KeyRotation(keyring, tokens, schedule).run())
    stack.callback(following.cancel)
    return tokens


def _limiter(stack: AsyncExitStack, configured: GatewaySettings, metrics: Metrics) -> Limiter:
    """One that all replicas share when there is a Redis, otherwise this process's own."""
    if configured.redis is None:
        return LocalLimiter()
    client = open_redis(configured.redis)
    stack.push_async_callback(client.aclose)
    shared = SharedLimiter(
        RedisBuckets(client),
        replicas=configured.redis.replicas,
        patience_s=configured.redis.patience_ms / 1000,
        metrics=LimiterMetrics.of(metrics.registry),
    )
    stack.push_async_callback(shared.close)
    return shared


async def _graphs(
    stack: AsyncExitStack, configured: GatewaySettings, tokens: TokenSource, calls: GraphCalls
) -> MailboxGraphs:
    endpoint = Endpoint.parse(configured.graph.url)
    opened = Connection.open(endpoint, SystemClock(), calls, authority=configured.graph.authority)
    granted = scopes.PINNED[scopes.FIRST[configured.microsoft.consent]]  # what every mailbox has at the least
    asked = Asked.of(granted) if configured.graph.list_id else Asked.METADATA
    return MailboxGraphs(await stack.enter_async_context(opened), tokens.of, asked)


async def _work(stack: AsyncExitStack, configured: GatewaySettings, context: Context) -> Work:
    """Durable work on the same database file, taken up where a crash left it."""
    durable = store.open_durable(configured.database)
    stack.callback(durable.dispose)
    work = Work(durable, executor=configured.executor)
    scan, apply = ScanWorkflow(context), ApplyWorkflow(context)
    work.register(scan.NAME, scan.run)
    work.register(apply.NAME, apply.run)
    await work.launch()
    stack.push_async_callback(work.drain)
    await requests.take_up(context, work)
    return work


if __name__ == "__main__":
    main()
