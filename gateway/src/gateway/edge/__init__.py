"""The layers that every request crosses before a route sees it, and the TLS listener in front of them."""

from gateway.edge.layers import wrap

__all__ = ["wrap"]
