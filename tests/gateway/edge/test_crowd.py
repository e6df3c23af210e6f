"""Who may be connected: shares, and what happens when there is no room."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from gateway.edge.crowd import Crowd, Refusal


@dataclass(eq=False)
class Guest:
    waiting: bool = True
    ended: list[str] = field(default_factory=list)

    def cut(self) -> None:
        self.ended.append("cut")


def full_of(crowd: Crowd[Guest], client: str, number: int, *, waiting: bool = True) -> list[Guest]:
    guests = [Guest(waiting) for _ in range(number)]
    for guest in guests:
        crowd.enter(client, guest)
    return guests


def test_nobody_gets_more_than_their_share() -> None:
    """The fourth of one client is refused while there is room for others; when one leaves, another may come."""
    crowd: Crowd[Guest] = Crowd(total=10, each=3)
    first, *_ = full_of(crowd, "greedy", 3)
    assert crowd.enter("greedy", Guest()) is Refusal.CLIENT
    assert crowd.enter("other", Guest()) is None
    crowd.leave("greedy", first)
    assert crowd.enter("greedy", Guest()) is None


def test_a_proxy_of_ours_has_no_share_but_the_total_counts() -> None:
    """It speaks for many."""
    crowd: Crowd[Guest] = Crowd(total=4, each=1)
    assert [crowd.enter("proxy", Guest(waiting=False), many=True) for _ in range(5)] == [None] * 4 + [Refusal.FULL]


def test_when_it_is_full_the_greediest_makes_room() -> None:
    """A newcomer takes the place of the oldest connection of whoever has most and waits; the total stays."""
    crowd: Crowd[Guest] = Crowd(total=6, each=5)
    busy = full_of(crowd, "greedy", 1, waiting=False)
    waiting = full_of(crowd, "greedy", 3)
    others = full_of(crowd, "modest", 2)
    assert crowd.enter("newcomer", Guest()) is None
    assert len(crowd) == 6
    assert [guest.ended for guest in (*busy, *waiting, *others)] == [[], ["cut"], [], [], [], []]


def test_nobody_is_cut_while_we_owe_them_an_answer() -> None:
    """All of the greediest are being answered: the newcomer is refused."""
    crowd: Crowd[Guest] = Crowd(total=4, each=4)
    busy = full_of(crowd, "greedy", 4, waiting=False)
    assert crowd.enter("newcomer", Guest()) is Refusal.FULL
    assert not any(guest.ended for guest in busy)


def test_equals_do_not_push_one_another_out() -> None:
    """With equal shares a newcomer who would only take a turn is refused: nobody flaps."""
    crowd: Crowd[Guest] = Crowd(total=4, each=4)
    full_of(crowd, "a", 2)
    full_of(crowd, "b", 2)
    assert crowd.enter("a", Guest()) is Refusal.FULL
    assert crowd.enter("c", Guest()) is None  # one against two: fairer than before


def test_leaving_twice_does_no_harm() -> None:
    """A connection that was cut ends once more by itself."""
    crowd: Crowd[Guest] = Crowd(total=2, each=2)
    (guest,) = full_of(crowd, "a", 1)
    crowd.leave("a", guest)
    crowd.leave("a", guest)
    crowd.leave("never", guest)
    assert len(crowd) == 0


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans(), st.booleans()), max_size=80))
def test_the_caps_hold_whoever_comes_and_goes(steps: list[tuple[str, bool, bool]]) -> None:
    """Any order of arrivals and departures: never more than each and total, and the count is the truth."""
    crowd: Crowd[Guest] = Crowd(total=7, each=3)
    inside: list[tuple[str, Guest]] = []
    for client, comes, waiting in steps:
        if comes:
            guest = Guest(waiting)
            if crowd.enter(client, guest) is None:
                inside.append((client, guest))
        elif inside:
            crowd.leave(*inside.pop(0))
        inside = [(name, guest) for name, guest in inside if not guest.ended]
        assert len(crowd) == len(inside) <= 7
        assert max((sum(name == other for other, _ in inside) for name, _ in inside), default=0) <= 3
