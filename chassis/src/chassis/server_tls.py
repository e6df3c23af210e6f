"""TLS for what Python itself serves: 1.3 alone, Mozilla's modern groups alone, new certificates without a restart.

Guarantees: nothing is handed out that would agree on another group: a server is tried before it is used, by real
handshakes in memory. A certificate that was replaced is taken up as a whole or not at all: the next connection gets a
context of its own, the connections that are open keep theirs.
"""

import ssl
from collections.abc import Sequence
from typing import Final

from chassis import logs
from chassis.tls import TlsFiles, TlsRefused, TlsWatch

MODERN: Final = ("X25519", "prime256v1", "secp384r1")  # https://wiki.mozilla.org/Security/Server_Side_TLS
OTHERS: Final = ("X448", "secp521r1", "ffdhe2048", "ffdhe3072")  # the rest of what OpenSSL offers by itself
STEPS: Final = 4  # flights of a handshake, a HelloRetryRequest included
_log = logs.get("chassis.server_tls")


class ServerTls:
    """The contexts of one listening port. Used from one thread, or from threads that only read `current`.

    peers: clients must show a certificate of our authorities. TlsRefused or SecretRefused for files that can't be used.
    """

    def __init__(self, files: TlsFiles, *, peers: bool = False, protocols: Sequence[str] = ("http/1.1",)) -> None:
        self._files = files
        self._peers = peers
        self._protocols = list(protocols)
        self._watch = TlsWatch(files)
        self.current = self._context()
        prove_groups(_context(files, self._protocols))

    def renew(self) -> bool:
        """Whether the files held a new, complete pair; from now on it is the one in use."""
        if self._watch.changed() is None:
            return False
        try:
            self.current = self._context()
        except (OSError, ssl.SSLError) as error:  # replaced again meanwhile: the next look finds the rest
            _log.warning("tls.reload_refused", error_type=type(error))
            return False
        return True

    def _context(self) -> ssl.SSLContext:
        context = _context(self._files, self._protocols)
        if self._peers:
            context.load_verify_locations(self._files.authority)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


def _context(files: TlsFiles, protocols: list[str]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_alpn_protocols(protocols)
    context.load_cert_chain(files.certificate, files.key)
    return context


def prove_groups(server: ssl.SSLContext) -> None:
    """Offers each group to the server, alone. TlsRefused unless it takes the modern ones and no other."""
    open_to = [group for group in OTHERS if _agrees(server, group)]
    closed_to = [group for group in MODERN if not _agrees(server, group)]
    if not open_to and not closed_to:
        return
    raise TlsRefused(
        f"This server would agree on key exchanges that it must not ({', '.join(open_to) or 'none'}), or not on those "
        f"that it must ({', '.join(closed_to) or 'none'}). OPENSSL_CONF names a file without "
        '"Groups = X25519:P-256:P-384", or ssl was imported before chassis. '
        "Add that line under the section that system_default names, or unset OPENSSL_CONF."
    )


def _agrees(server: ssl.SSLContext, group: str) -> bool:
    """Whether a handshake of a client that knows no other group comes to its end."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        client = _stranger(group).wrap_bio(to_client, to_server)
        ends = (client, server.wrap_bio(to_server, to_client, server_side=True))
        for _ in range(STEPS):
            done = _shaken(ends)
    except (ssl.SSLError, ValueError):  # refused; or OpenSSL here doesn't know the group
        return False
    return done


def _shaken(ends: Sequence[ssl.SSLObject]) -> bool:
    done = True
    for end in ends:
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            done = False
    return done


def _stranger(group: str) -> ssl.SSLContext:
    """A client that checks nothing: nothing is sent, only the handshake counts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ecdh_curve(group)
    return context
