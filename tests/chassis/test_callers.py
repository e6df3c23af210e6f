"""The caller table."""

import pytest

from chassis.callers import ANYONE, HEALTH, UNKNOWN, Callers

METHOD = "/a.v1.B/C"
GATEWAY = "gateway.mail-organiser.internal"


def test_absent_is_denied() -> None:
    """A method that isn't in the table has no callers, and an empty table opens health alone."""
    assert not Callers({}).allow(METHOD, [GATEWAY])
    assert Callers({}).methods == frozenset(HEALTH)


def test_only_the_named_caller_is_allowed() -> None:
    """Whole names, lower case, no wildcard."""
    callers = Callers({METHOD: frozenset({GATEWAY})})
    assert callers.allow(METHOD, [GATEWAY])
    for name in ("", "*", ANYONE, "*.mail-organiser.internal", GATEWAY.upper(), f"x.{GATEWAY}", f"{GATEWAY}."):
        assert not callers.allow(METHOD, [name]), name
    assert not callers.allow(METHOD, [])


def test_health_is_open_to_every_certificate_of_ours() -> None:
    """Said in the table, for Check and Watch and nothing else."""
    assert all(Callers({}).allow(method, []) for method in HEALTH)
    assert set(HEALTH) == {"/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch"}


@pytest.mark.parametrize(
    ("method", "names"),
    [
        (METHOD, frozenset()),
        (METHOD, frozenset({ANYONE})),
        (METHOD, frozenset({"*.mail-organiser.internal"})),
        (METHOD, frozenset({"gateway"})),
        (METHOD, frozenset({"Gateway.mail-organiser.internal"})),
        ("a.v1.B/C", frozenset({GATEWAY})),
        ("/a.v1.B/*", frozenset({GATEWAY})),
        ("/grpc.health.v1.Health/Check", frozenset({GATEWAY})),
    ],
)
def test_a_row_that_opens_too_much_or_can_not_match_is_refused(method: str, names: frozenset[str]) -> None:
    """Mistakes in the table show at start."""
    with pytest.raises(ValueError, match=r"callers|written|health"):
        Callers({method: names})


def test_a_stranger_s_method_name_is_not_repeated() -> None:
    """Labels come from the table."""
    callers = Callers({METHOD: frozenset({GATEWAY})})
    assert (callers.label(METHOD), callers.label("/Re: Invoice/4711")) == (METHOD, UNKNOWN)
