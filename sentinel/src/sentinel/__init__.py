"""Sees raw, hostile text first, judges it and signs what it cleared. A pure function behind gRPC."""
