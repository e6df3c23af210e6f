"""Plumbing that each service needs once: mTLS, callers, health, telemetry, logs, settings, errors.

Guarantees: TLS 1.3 alone is spoken. grpcio has no setting for that (grpc/grpc#37305); it reads its cipher list from the
environment, once, while `import grpc` runs, so this package sets it as it is imported and must come before grpc.
With the one cipher of TLS 1.2 that is left, an ECDSA certificate has no handshake but TLS 1.3's. Whoever imports grpc
first is found out: chassis.server tries TLS 1.2 on itself at start and refuses to run when it is answered.
Must never: know a stub, a mail noun, a database or a web framework.
"""

import os

os.environ["GRPC_SSL_CIPHER_SUITES"] = (
    "ECDHE-RSA-AES256-GCM-SHA384"  # for TLS 1.2; needs an RSA key, and we refuse those
)
os.environ["GRPC_VERBOSITY"] = "NONE"  # the C core writes peers' addresses to stderr, past every filter of ours
