"""The wire: every port that any of our processes opens speaks TLS 1.3 and nothing else, as independent tools see it."""

import json
import os
import socket
import ssl
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from cli.house import GATEWAY

ROOT = Path(__file__).parents[2]
CORPUS = tomllib.loads((ROOT / "tests" / "corpus" / "smuggling.toml").read_text())
SERVICES = ("gateway", "sentinel", "classifier", "sandbox")
LISTEN = "0A"  # TCP_LISTEN in /proc/net/tcp
SSLYZE = "sslyze==6.3.1"
# What testssl.sh says that is no finding about this server, and why.
NOT_OURS = {
    "engine_problem": "the scanner's own OpenSSL has no GOST",
    "DNS_CAArecord": "127.0.0.1 has no DNS",
    "cert_revocation": "the local authority has no address to publish at; a leaf lives for 30 days instead",
}
RENEWED = {"DAYS2WARN1": "10", "DAYS2WARN2": "5"}  # a leaf of 30 days is renewed in its last 10: testssl expects 60


def listening(pid: int) -> set[int]:
    """The TCP ports that a process listens on, as the kernel has them."""
    links = [str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()]
    inodes = {link[8:-1] for link in links if link.startswith("socket:[")}
    rows = [
        line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/{pid}/net/{name}").read_text().splitlines()
    ]
    return {int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == LISTEN and row[9] in inodes}


def plain() -> dict[str, str]:
    """An environment in which other people's OpenSSL is not bound by our settings."""
    return {name: value for name, value in os.environ.items() if name != "OPENSSL_CONF"}


def s_client(house: Any, port: int, *options: str) -> str:
    files = house.house.files(GATEWAY)
    pair = ["-cert", str(files.certificate), "-key", str(files.key), "-CAfile", str(house.house.authority)]
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *pair, *options]
    return subprocess.run(command, input=b"", env=plain(), capture_output=True, timeout=20, check=False).stdout.decode()


@pytest.fixture(scope="module")
def ports(watched: Any) -> dict[str, set[int]]:
    return {name: listening(watched.children[name].pid) for name in SERVICES}


def test_the_ports_are_the_ones_that_we_know(watched: Any, ports: dict[str, set[int]]) -> None:
    """Edge, two of gRPC, three of metrics, the sandbox: what the kernel has is what was configured, and no more."""
    known = {name: {getattr(watched.ports, name)} for name in SERVICES}
    for name, port in watched.watch.metrics.items():
        known[name].add(port)
    assert ports == known


@pytest.mark.parametrize("service", SERVICES)
def test_tls_1_2_is_refused_on_every_port(watched: Any, ports: dict[str, set[int]], service: str) -> None:
    """With a good certificate, by openssl; the control is that 1.3 is spoken on the same port."""
    for port in ports[service]:
        for old in ("-tls1_2", "-tls1_1"):
            assert "New, (NONE), Cipher is (NONE)" in s_client(watched, port, old, "-cipher", "ALL:@SECLEVEL=0"), port
        assert "New, TLSv1.3" in s_client(watched, port, "-tls1_3"), port


@pytest.mark.parametrize("service", SERVICES)
def test_no_port_answers_plain_http(ports: dict[str, set[int]], service: str) -> None:
    """Neither a page nor a redirect: nothing is said outside of TLS."""
    for port in ports[service]:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
            said = connection.recv(4096)
        assert not said.startswith(b"HTTP/"), port
        assert b"# HELP" not in said


@pytest.mark.parametrize("group", ["X448", "P-521", "ffdhe2048"])
def test_other_groups_are_refused_at_the_edge_and_on_every_metrics_port(watched: Any, group: str) -> None:
    """Also in the processes as they are really started; the control is X25519."""
    for port in (watched.ports.gateway, *watched.watch.metrics.values()):
        assert "New, TLSv1.3" in s_client(watched, port, "-groups", "X25519")
        assert "New, (NONE)" in s_client(watched, port, "-groups", group), port


@pytest.mark.parametrize("service", ["gateway", "sentinel", "classifier"])
def test_metrics_are_for_prometheus_alone(watched: Any, service: str) -> None:
    """The gateway's own certificate opens no metrics page; Prometheus's opens each."""
    port = watched.watch.metrics[service]
    files = watched.house.files(GATEWAY)
    trust = ssl.create_default_context(cafile=str(watched.house.authority))
    trust.load_cert_chain(files.certificate, files.key)
    answer = raw(port, trust, b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert b"# HELP" in watched.scraped(port)


def raw(port: int, trust: ssl.SSLContext, request: bytes) -> bytes:
    """All that comes back until the server closes."""
    connection = trust.wrap_socket(
        socket.create_connection(("127.0.0.1", port), timeout=20), server_hostname="127.0.0.1"
    )
    with connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def test_nothing_is_smuggled_past_the_real_gateway(watched: Any) -> None:
    """The whole corpus, over TLS, to the process as it is started: one answer each, the tail is never answered."""
    tail = CORPUS["tail"].encode()
    for case in CORPUS["case"]:
        if "{" in case["request"]:
            continue
        answer = raw(watched.ports.gateway, watched.tls, case["request"].encode("latin-1") + tail)
        assert answer.count(b"HTTP/1.1 ") == 1, case["name"]
        assert int(answer.split(b" ", 2)[1]) in case.get("status", [400]), case["name"]
        assert b"strict-transport-security: max-age=63072000" in answer, case["name"]
        assert b"\r\nserver:" not in answer.lower()


def test_every_route_names_its_methods(watched: Any) -> None:
    """TRACE, and each method that a path does not have: 405, and Allow is what the description of the API has there."""
    described = watched.http.get("/api/v1/openapi.json").json()["paths"]
    assert len(described) > 10
    for path, operations in described.items():
        url = path.replace("{", "").replace("}", "")
        own = {method.upper() for method in operations}
        other = next(method for method in ("DELETE", "PUT", "HEAD") if method not in own)
        for method in ("TRACE", "PROPFIND", other):
            answer = watched.ask(method, url)
            assert answer.status_code == 405, (method, path)
            assert set(answer.headers["allow"].split(", ")) == own, (method, path)
    unknown = watched.http.request("TRACE", "/api/v1/nowhere")
    assert (unknown.status_code, unknown.headers["allow"]) == (405, "DELETE, GET, HEAD, PATCH, POST, PUT")


@pytest.mark.long
def test_sslyze_finds_mozilla_modern(watched: Any) -> None:
    """An independent scanner with its own OpenSSL: compliant with Mozilla's modern configuration, exit code 0."""
    command = [str(ROOT / ".tools/bin/uv"), "tool", "run", "--quiet", "--from", SSLYZE, "python", "-m", "sslyze"]
    target = f"127.0.0.1:{watched.ports.gateway}"
    options = ["--mozilla_config", "modern", "--certinfo_ca_file", str(watched.house.authority)]
    done = subprocess.run(
        [*command, *options, target], env=plain(), capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "OK - Compliant" in done.stdout


def scanned(house: Any, report: Path) -> list[dict[str, str]]:
    """What testssl.sh says about the edge."""
    options = ["--quiet", "--color", "0", "--warnings", "off", "--ip", "one", "--jsonfile", str(report)]
    checks = ["--add-ca", str(house.house.authority), "-p", "-s", "-f", "-P", "-S", "-h", "-U"]
    command = ["testssl", *options, *checks, f"https://127.0.0.1:{house.ports.gateway}"]
    subprocess.run(command, env={**plain(), **RENEWED}, capture_output=True, timeout=500, check=False)
    said: list[dict[str, str]] = json.loads(report.read_text())
    return said


@pytest.mark.long
@pytest.mark.timeout(1700)
def test_testssl_has_no_finding(watched: Any, tmp_path: Path) -> None:
    """The other independent scanner: protocols, ciphers, forward secrecy, headers, vulnerabilities."""
    for attempt in range(3):  # on a busy machine it may give up on a connection, and then says so
        said = scanned(watched, tmp_path / f"report-{attempt}.json")
        if not any("connect problem" in one["finding"] for one in said):
            break
    found = {one["id"]: one["finding"] for one in said}
    findings = [one for one in said if one["severity"] not in {"OK", "INFO", "DEBUG"} and one["id"] not in NOT_OURS]
    assert findings == []
    assert (found["TLS1_2"], found["PFS_ECDHE_curves"]) == ("not offered", "prime256v1 secp384r1 X25519")
    assert found.keys() >= {"TLS1_3", "HSTS_time", "heartbleed", "cipherlist_NULL", "cert_chain_of_trust"}
