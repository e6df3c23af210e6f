"""The anchor: Envoy with TLS 1.3, jwt_authn (ES256) and local_ratelimit, nginx with a fixed answer behind it.

What it does not do and the gateway does: a limit for each caller (its bucket is one for all), reading the body, traces
of its own, inspecting anything. Its second form keeps verified tokens (jwt_cache_config), which it does not by default.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chassis.tls import TlsFiles

ROOT = Path(__file__).resolve().parents[3]
BINARY = next((ROOT / ".bench" / "gateway" / "lib").glob("python*/site-packages/envoy/_bin/envoy"), Path("envoy"))
PLENTY = 100_000_000  # tokens of the bucket: it is asked, and never says no
FILTER = "type.googleapis.com/envoy.extensions.filters"
ANSWER = '{"items":[{"outcome":"clean","risk":0.0123,"findings":[]}]}'  # as long as the gateway's to the same message


@dataclass(frozen=True)
class Tokens:
    """What Envoy must know to verify our access tokens."""

    issuer: str
    audience: str
    jwks: dict[str, Any]


def nginx_config(folder: Path, port: int) -> str:
    """One worker, a fixed answer to anything, connections that stay."""
    return f"""
daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; worker_processes 1;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 100000000; client_body_temp_path {folder}; default_type application/json;
  proxy_temp_path {folder}; fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{ listen 127.0.0.1:{port}; location / {{ return 200 '{ANSWER}'; }} }}
}}
"""


def envoy_config(port: int, upstream: int, tls: TlsFiles, tokens: Tokens, *, cached: bool) -> dict[str, Any]:
    """Envoy's bootstrap, as JSON."""
    manager = {
        "@type": f"{FILTER}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "edge",
        "codec_type": "HTTP1",
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "all",
                    "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "nginx"}}],
                }
            ]
        },
        "http_filters": [_jwt(tokens, cached=cached), _rate_limit(), _router()],
    }
    chain = {
        "filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}],
        "transport_socket": _tls(tls),
    }
    return {
        "static_resources": {
            "listeners": [{"name": "edge", "address": _address(port), "filter_chains": [chain]}],
            "clusters": [_cluster(upstream)],
        }
    }


def _jwt(tokens: Tokens, *, cached: bool) -> dict[str, Any]:
    provider: dict[str, Any] = {
        "issuer": tokens.issuer,
        "audiences": [tokens.audience],
        "local_jwks": {"inline_string": json.dumps(tokens.jwks)},
    }
    if cached:
        provider["jwt_cache_config"] = {"jwt_cache_size": 10_000}
    return {
        "name": "envoy.filters.http.jwt_authn",
        "typed_config": {
            "@type": f"{FILTER}.http.jwt_authn.v3.JwtAuthentication",
            "providers": {"ours": provider},
            "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "ours"}}],
        },
    }


def _rate_limit() -> dict[str, Any]:
    always = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    return {
        "name": "envoy.filters.http.local_ratelimit",
        "typed_config": {
            "@type": f"{FILTER}.http.local_ratelimit.v3.LocalRateLimit",
            "stat_prefix": "limit",
            "token_bucket": {"max_tokens": PLENTY, "tokens_per_fill": PLENTY, "fill_interval": "60s"},
            "filter_enabled": always,
            "filter_enforced": always,
        },
    }


def _router() -> dict[str, Any]:
    return {"name": "envoy.filters.http.router", "typed_config": {"@type": f"{FILTER}.http.router.v3.Router"}}


def _tls(files: TlsFiles) -> dict[str, Any]:
    pair = {
        "certificate_chain": {"filename": str(files.certificate)},
        "private_key": {"filename": str(files.key)},
    }
    version = {"tls_minimum_protocol_version": "TLSv1_3", "tls_maximum_protocol_version": "TLSv1_3"}
    return {
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
            "common_tls_context": {"tls_params": version, "tls_certificates": [pair]},
        },
    }


def _cluster(port: int) -> dict[str, Any]:
    endpoint = {"endpoint": {"address": _address(port)}}
    return {
        "name": "nginx",
        "type": "STATIC",
        "load_assignment": {"cluster_name": "nginx", "endpoints": [{"lb_endpoints": [endpoint]}]},
    }


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


@contextmanager
def running(command: list[str], log: Path) -> Iterator[int]:
    """The process's id, while it runs."""
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:  # ours
        try:
            yield process.pid
        finally:
            process.terminate()


def envoy_command(config: Path, workers: int | None) -> list[str]:
    """workers: None is as it comes, one a core."""
    options = [] if workers is None else ["--concurrency", str(workers)]
    return [str(BINARY), "-c", str(config), "--disable-hot-restart", "--log-level", "error", *options]


def raw_command(port: int) -> list[str]:
    """The yardstick's process."""
    return [sys.executable, str(Path(__file__).with_name("raw.py")), str(port)]
