"""Signing keys change while a gateway runs: no token in its time is refused, and what was destroyed is."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Unauthenticated
from gateway.identity import key_rotation
from gateway.identity.jwt import LIFETIME_S, AccessTokens, Principal
from gateway.identity.key_rotation import ANNOUNCE_MS, FORMER_MS, IN_USE_MS, OVERLAP_MS, KeyRotation, schedule
from gateway.store import clock
from gateway.vault.keyring import Keyring, Purpose, SigningKey
from gateway.vault.root import FileRoot

NOW = 1_800_000_000_000
WHO = Principal("per_a", "ses_b", "jti_c")
KEY = ec.generate_private_key(ec.SECP256R1())


class House:
    """A keyring file, and a gateway's tokens that follow it. The clock is passed."""

    def __init__(self, folder: Path) -> None:
        (folder / "data").mkdir()
        self.root, self.keys = FileRoot(folder / "root.key", data_folder=folder / "data"), folder / "keys"
        self.operator = Keyring.create(self.root, self.keys, now=NOW - clock.DAY)
        self.replicas = [self._replica(), self._replica()]

    def _replica(self) -> tuple[AccessTokens, KeyRotation]:
        keyring = Keyring.open(self.root, self.keys)
        began = schedule(keyring.signing_keys(), NOW)
        tokens = AccessTokens(began.keys(), issuer="https://mail.example", audience="https://mail.example")
        return tokens, KeyRotation(keyring, tokens, began)

    def rotate(self, now: int) -> str:
        return self.operator.rotate(Purpose.ACCESS_TOKEN, now=now).id

    async def look(self, now: int) -> None:
        for _, rotation in self.replicas:
            await rotation.look(now)

    def mint(self, replica: int, now: int) -> str:
        return self.replicas[replica][0].mint(WHO, now // clock.SECOND)

    def verifies(self, replica: int, token: str, now: int) -> bool:
        try:
            return self.replicas[replica][0].verify(token, now / clock.SECOND) == WHO
        except Unauthenticated:
            return False


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def kid(token: str) -> str:
    return token.partition(".")[0]


async def test_a_rotation_refuses_no_token_in_its_time(house: House) -> None:
    """Second by second over the whole change: what one replica mints the other takes, old and new, to its end."""
    minted: list[tuple[int, str]] = []
    house.rotate(NOW)
    for second in range(0, 1500, 5):
        now = NOW + second * clock.SECOND
        await house.replicas[second % 2][1].look(now)  # never both at once
        minted.append((now, house.mint(second % 2, now)))
        live = [token for then, token in minted if now - then < LIFETIME_S * clock.SECOND]
        assert all(house.verifies(1 - second % 2, token, now) for token in live[::7])
    assert len({kid(token) for _, token in minted}) == 2


async def test_a_new_key_signs_when_every_replica_knows_it(house: House) -> None:
    """It is announced first: a replica that looked late still takes what another signs."""
    before = house.mint(0, NOW)
    house.rotate(NOW)
    await house.look(NOW + 1)
    assert kid(house.mint(0, NOW)) == kid(before)
    await house.replicas[0][1].look(NOW + ANNOUNCE_MS)
    after = house.mint(0, NOW + ANNOUNCE_MS)
    assert kid(after) != kid(before)
    assert house.verifies(1, after, NOW + ANNOUNCE_MS)


async def test_the_former_key_is_believed_until_its_last_token_is_over_and_no_longer(house: House) -> None:
    """Eleven minutes: a token's ten, and one for clocks; half an hour more it proves which tab asks."""
    house.rotate(NOW)
    await house.look(NOW)
    end = NOW + ANNOUNCE_MS + OVERLAP_MS
    late = house.mint(0, end - clock.MINUTE)  # a replica that didn't look, as if it signed for so long
    await house.look(end - 1)
    assert house.verifies(1, late, end - 1)
    await house.look(end)
    assert not house.verifies(1, late, end)
    tokens = house.replicas[1][0]
    assert tokens.prove(late, end / clock.SECOND).session_id == WHO.session_id
    await house.look(NOW + ANNOUNCE_MS + FORMER_MS)
    with pytest.raises(Unauthenticated):
        tokens.prove(late, end / clock.SECOND)


async def test_a_destroyed_key_is_refused_by_the_next_look_also_what_is_remembered(house: House) -> None:
    """The cache of verified tokens is emptied; the new key signs at once, because there is no other."""
    token = house.mint(0, NOW)
    assert house.verifies(1, token, NOW)
    house.rotate(NOW)
    house.operator.destroy([house.operator.signing_keys()[1].id])
    assert house.verifies(1, token, NOW)  # remembered
    await house.look(NOW)
    assert not house.verifies(1, token, NOW)
    assert house.verifies(1, house.mint(0, NOW), NOW)


async def test_a_look_that_finds_nothing_new_keeps_what_is_remembered(house: House) -> None:
    """Every five seconds: it must cost nothing."""
    tokens, _ = house.replicas[0]
    tokens.verify(house.mint(0, NOW), NOW / clock.SECOND)
    await house.look(NOW)
    assert len(tokens._cache) == 1
    house.rotate(NOW)
    await house.look(NOW)
    assert len(tokens._cache) == 0


async def test_a_keyring_that_can_not_be_read_changes_nothing_and_is_logged(house: House, capsys: Any) -> None:
    """Access tokens go on; the log says so each time, until somebody repairs the file."""
    token = house.mint(0, NOW)
    house.keys.write_bytes(b"garbage")
    await house.look(NOW)
    assert house.verifies(0, token, NOW)
    assert "token_keys.unreadable" in "".join(capsys.readouterr())


def test_a_start_renews_an_old_key_and_forgets_what_is_over(house: House) -> None:
    """Thirty days in use; a key that proves nothing any more is destroyed, the others stay."""
    keyring = house.operator
    key_rotation.renew(keyring, NOW - clock.DAY + IN_USE_MS - 1)
    assert len(keyring.signing_keys()) == 1
    moment = NOW - clock.DAY + IN_USE_MS
    key_rotation.renew(keyring, moment)
    assert [key.created_at for key in keyring.signing_keys()] == [moment, NOW - clock.DAY]
    key_rotation.renew(keyring, moment + ANNOUNCE_MS + FORMER_MS - 1)
    assert len(keyring.signing_keys()) == 2
    key_rotation.renew(keyring, moment + ANNOUNCE_MS + FORMER_MS)
    assert [key.created_at for key in keyring.signing_keys()] == [moment]


@given(st.lists(st.integers(-FORMER_MS * 2, FORMER_MS * 2), min_size=1, max_size=6), st.integers(-FORMER_MS, FORMER_MS))
def test_whatever_the_clock_says_one_key_signs_and_newer_ones_are_believed(made: list[int], at: int) -> None:
    """Also when keys are from the future, after a clock was set back: never no key, never one key twice."""
    keys = [SigningKey(f"key_{n}", NOW + one, KEY) for n, one in enumerate(sorted(made, reverse=True))]
    moment = schedule(keys, NOW + at)
    ids = [moment.signing.id, *(key.id for key in (*moment.believed, *moment.former))]
    assert len(ids) == len(set(ids))
    newer = {key.id for key in keys[: keys.index(moment.signing)]}
    assert newer <= {key.id for key in moment.believed}
