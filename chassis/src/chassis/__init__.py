"""Plumbing that each service needs once: mTLS, callers, health, telemetry, logs, settings, errors.

Guarantees: TLS 1.3 alone is spoken. grpcio has no setting for that (grpc/grpc#37305); it reads its cipher list from the
environment, once, while `import grpc` runs, so this package sets it as it is imported and must come before grpc.
With the one cipher of TLS 1.2 that is left, an ECDSA certificate has no handshake but TLS 1.3's. Whoever imports grpc
first is found out: chassis.server tries TLS 1.2 on itself at start and refuses to run when it is answered.
Python's own TLS agrees on Mozilla's modern groups alone. Python has no setting for that before 3.15 either; OpenSSL
reads its configuration once, so this package names ours as it is imported and must come before ssl and hashlib. An
operator's own OPENSSL_CONF is kept. Whoever was too early, or leaves groups open, is found out: see chassis.server_tls.
Must never: know a stub, a mail noun, a database or a web framework.
"""

import os

os.environ["GRPC_SSL_CIPHER_SUITES"] = (
    "ECDHE-RSA-AES256-GCM-SHA384"  # for TLS 1.2; needs an RSA key, and we refuse those
)
os.environ["GRPC_VERBOSITY"] = "NONE"  # the C core writes peers' addresses to stderr, past every filter of ours
os.environ.setdefault("OPENSSL_CONF", os.path.join(os.path.dirname(__file__), "openssl.cnf"))  # noqa: PTH118, PTH120  # pathlib may import hashlib one day
