"""Who gets as far as a handler: our authority's certificates, in date, named in the table, over TLS 1.3."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from chassis import tls
from chassis.authority import LocalAuthority
from chassis.callers import Callers
from chassis.tls import TlsFiles, TlsRefused

GATEWAY = "gateway.mail-organiser.internal"
UNARY = "/test.v1.Echo/Unary"


async def _code(channel: grpc.aio.Channel, method: str = UNARY) -> grpc.StatusCode:
    async with channel:
        try:
            await channel.unary_unary(method)(b"x", timeout=5)
        except grpc.aio.AioRpcError as error:
            return error.code()
    return grpc.StatusCode.OK


async def test_the_named_caller_is_answered(house: Any) -> None:
    """The control of all the refusals below."""
    async with house.serve() as serving:
        assert await _code(house.stranger(serving.port, house.gateway)) is grpc.StatusCode.OK


async def test_a_client_without_certificate_gets_no_connection(house: Any) -> None:
    """mTLS: no certificate, no call, health included."""
    async with house.serve() as serving:
        assert await _code(house.stranger(serving.port, None)) is grpc.StatusCode.UNAVAILABLE
        health = "/grpc.health.v1.Health/Check"
        assert await _code(house.stranger(serving.port, None), health) is grpc.StatusCode.UNAVAILABLE
    assert house.echo.parsed == []


async def test_a_certificate_of_another_authority_gets_no_connection(house: Any, tmp_path: Path) -> None:
    """The right name from the wrong authority is nobody."""
    other = LocalAuthority.open(tmp_path / "other").issue(GATEWAY)
    async with house.serve() as serving:
        assert await _code(house.stranger(serving.port, other)) is grpc.StatusCode.UNAVAILABLE
    assert house.echo.parsed == []


async def test_an_expired_certificate_gets_no_connection(house: Any) -> None:
    """The right name and authority, 31 days late."""
    expired = house.authority.issue(GATEWAY, now=datetime.now(UTC) - timedelta(days=31))
    async with house.serve() as serving:
        assert await _code(house.stranger(serving.port, expired)) is grpc.StatusCode.UNAVAILABLE
    assert house.echo.parsed == []


async def test_a_certificate_with_another_name_is_refused_unparsed(house: Any) -> None:
    """The right authority with a name that isn't in the table: PERMISSION_DENIED, and its bytes aren't even parsed."""
    classifier = house.authority.issue("classifier.mail-organiser.internal")
    async with house.serve() as serving:
        assert await _code(house.stranger(serving.port, classifier)) is grpc.StatusCode.PERMISSION_DENIED
    assert house.echo.parsed == []


async def test_a_server_with_another_name_is_not_talked_to(house: Any) -> None:
    """The client checks the server's name too: nobody else's leaf can stand in for sentinel."""
    async with house.serve(tls=house.gateway) as serving:
        assert await _code(house.channel(serving.port)) is grpc.StatusCode.UNAVAILABLE
    assert house.echo.parsed == []


async def test_a_server_that_is_not_who_it_should_be_is_counted_and_told(
    house: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another authority's, another name, no TLS at all: one each, in a line without TLS's words; a dead one is none."""
    distrusted: list[None] = []
    stranger = LocalAuthority.open(tmp_path / "other").issue(GATEWAY)
    async with house.serve() as serving, house.serve(tls=house.gateway) as other, _plain() as plain:
        for port, files in ((serving.port, stranger), (other.port, None), (plain, None)):
            before = len(distrusted)
            channel = house.channel(port, files, distrusted=lambda: distrusted.append(None))
            assert await _code(channel) is grpc.StatusCode.UNAVAILABLE
            assert len(distrusted) == before + 1
        good = house.channel(serving.port, distrusted=lambda: distrusted.append(None))
        assert await _code(good) is grpc.StatusCode.OK
    dead = house.channel(serving.port, distrusted=lambda: distrusted.append(None))
    assert await _code(dead) is grpc.StatusCode.UNAVAILABLE
    assert len(distrusted) == 3
    told = [json.loads(line) for line in capsys.readouterr().err.splitlines() if "peer.distrusted" in line]
    assert [set(line) for line in told] == [{"time", "level", "event", "logger", "untold"}] * 3


@asynccontextmanager
async def _plain() -> AsyncIterator[int]:
    """A server that speaks something else."""

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize("kind", ["email", "uri", "common name", "wildcard"])
async def test_only_a_whole_dns_name_names_a_caller(house: Any, kind: str) -> None:
    """Other kinds of SAN, the common name and wildcards carry the same letters and no rights."""
    sans: dict[str, x509.GeneralName] = {
        "email": x509.RFC822Name(GATEWAY),
        "uri": x509.UniformResourceIdentifier(GATEWAY),
        "common name": x509.DNSName("nobody.mail-organiser.internal"),
        "wildcard": x509.DNSName("*.mail-organiser.internal"),
    }
    forged = _reissued(house, house.gateway, sans[kind])
    async with house.serve() as serving:
        assert await _code(house.stranger(serving.port, forged)) is grpc.StatusCode.PERMISSION_DENIED


def _reissued(house: Any, files: TlsFiles, san: x509.GeneralName) -> TlsFiles:
    """The gateway's leaf, with one other SAN."""
    leaf = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    builder = x509.CertificateBuilder(leaf.issuer, leaf.subject, leaf.public_key(), leaf.serial_number)
    builder = builder.not_valid_before(leaf.not_valid_before_utc).not_valid_after(leaf.not_valid_after_utc)
    builder = builder.add_extension(x509.SubjectAlternativeName([san]), critical=False)
    signed = builder.sign(house.authority._key, SHA256())
    path = house.folder / "forged.pem"
    path.write_bytes(signed.public_bytes(Encoding.PEM))
    return TlsFiles(path, files.key, files.authority)


def _s_client(port: int, version: str, files: TlsFiles) -> str:
    pair = ["-cert", str(files.certificate), "-key", str(files.key), "-CAfile", str(files.authority)]
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", version, *pair]
    return subprocess.run(command, input=b"", capture_output=True, timeout=10, check=False).stdout.decode()


async def test_openssl_can_speak_tls_1_3_alone_to_a_server(house: Any) -> None:
    """TLS 1.2 is hung up on, even with a good certificate; TLS 1.3 works."""
    async with house.serve() as serving:
        old = await asyncio.to_thread(_s_client, serving.port, "-tls1_2", house.gateway)
        new = await asyncio.to_thread(_s_client, serving.port, "-tls1_3", house.gateway)
    assert "New, (NONE), Cipher is (NONE)" in old
    assert "New, TLSv1.3" in new
    assert "Verify return code: 0 (ok)" in new


_GRPC_FIRST = """
import grpc, sys, pathlib
from chassis import process
from chassis.callers import Callers
from chassis.server import serve
from chassis.tls import TlsFiles
async def healthy(): return True
async def main(stopping):
    files = TlsFiles(*map(pathlib.Path, sys.argv[1:]))
    async with serve(address="127.0.0.1:0", tls=files, callers=Callers({}), services=[], health={"a.B": healthy}):
        print("serving")
sys.exit(process.run(main))
"""


def test_a_server_that_would_speak_tls_1_2_refuses_to_start(house: Any) -> None:
    """A grpc that was imported before chassis keeps its own ciphers: found out at start, by trying."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GRPC_")}
    files = [str(path) for path in (house.sentinel.certificate, house.sentinel.key, house.sentinel.authority)]
    command = [sys.executable, "-c", _GRPC_FIRST, *files]
    done = subprocess.run(command, env=clean, capture_output=True, timeout=30, check=False)
    assert done.returncode == 78
    assert b"would speak TLS 1.2" in done.stderr
    assert done.stdout == b""


def _rsa_files(tmp_path: Path) -> TlsFiles:
    key = rsa.generate_private_key(65_537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "rsa")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1)
    leaf = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1)).sign(key, SHA256())
    files = TlsFiles(tmp_path / "rsa.pem", tmp_path / "rsa.key", tmp_path / "rsa.pem")
    files.certificate.write_bytes(leaf.public_bytes(Encoding.PEM))
    files.key.touch(mode=0o600)
    files.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


async def test_an_rsa_leaf_is_refused_at_start_by_both_ends(house: Any, tmp_path: Path) -> None:
    """An RSA leaf would bring TLS 1.2 back; the error says what to issue instead."""
    files = _rsa_files(tmp_path)
    with pytest.raises(TlsRefused, match=r"not ECDSA.*P-256"):
        await house.serve(tls=files).__aenter__()
    with pytest.raises(TlsRefused, match="not ECDSA"):
        house.channel(1, files)


def test_files_that_are_no_pair_are_refused(house: Any) -> None:
    """Half of a rotation is not taken up."""
    mixed = TlsFiles(house.sentinel.certificate, house.gateway.key, house.sentinel.authority)
    with pytest.raises(TlsRefused, match="not a pair"):
        tls.load(mixed)


@pytest.mark.parametrize("days", [-1, 31])
def test_a_leaf_out_of_date_is_refused(house: Any, days: int) -> None:
    """Too early and too late."""
    with pytest.raises(TlsRefused, match="expired or not valid yet"):
        tls.load(house.sentinel, datetime.now(UTC) + timedelta(days=days))


@pytest.mark.parametrize("what", ["certificate", "key", "authority"])
@pytest.mark.parametrize("content", [None, b"-----BEGIN NONSENSE-----\n"])
def test_a_missing_or_garbled_file_is_refused_by_its_role(house: Any, what: str, content: bytes | None) -> None:
    """The error says which of the three files it is, and nothing that is in it."""
    path: Path = getattr(house.sentinel, what)
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(tls.StartRefused) as caught:
        tls.load(house.sentinel)
    assert what in str(caught.value)
    assert "NONSENSE" not in str(caught.value)
    assert str(path) not in str(caught.value)


def test_a_key_that_others_can_read_is_refused(house: Any) -> None:
    """A private key is private."""
    house.sentinel.key.chmod(0o644)
    with pytest.raises(tls.StartRefused, match="chmod 600"):
        tls.load(house.sentinel)


def test_material_does_not_show_its_key(house: Any) -> None:
    """A repr ends up in places."""
    assert "PRIVATE" not in repr(tls.load(house.sentinel))


async def test_a_port_that_is_taken_is_refused(house: Any) -> None:
    """Two servers must not share a port: the second one says so."""
    async with house.serve() as serving:
        with pytest.raises(TlsRefused, match="cannot be bound"):
            await house.serve(address=f"127.0.0.1:{serving.port}", callers=Callers({})).__aenter__()
