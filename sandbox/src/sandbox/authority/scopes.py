"""The scopes that this authority grants: a closed set, so that a client which begins to ask for more is noticed."""

from sandbox.authority.tokens import short
from sandbox.graph import scope

OPENID = "openid"
OFFLINE = "offline_access"
STANDARD = frozenset({OPENID, "profile", "email", OFFLINE})
KNOWN = STANDARD | scope.ALL


def unknown(asked: str) -> bool:
    """Whether a scope is asked that isn't granted here."""
    return not {short(one) for one in asked.split()} <= KNOWN


def granted(asked: str) -> str:
    """The `scope` of a token answer: as asked, without offline_access, as Entra gives it."""
    return " ".join(one for one in asked.split() if one != OFFLINE)


def graph_scopes(asked: str) -> set[str]:
    """Graph's scopes among those asked, by short name."""
    return {short(one) for one in asked.split()} - STANDARD
