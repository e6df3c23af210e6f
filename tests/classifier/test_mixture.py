"""How far each opinion is trusted: learned from answers, bounded whatever comes."""

import numpy as np
import pytest

from classifier.mixture import (
    _FADE,
    _FIRST_CURVATURE,
    CASES,
    COPY_CASE,
    MAX_WEIGHT,
    OPINIONS,
    SOFTMAX,
    Mixture,
    softmax,
)


def _opinions(chance: np.random.Generator, truth: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Opinion 0 is right, opinion 1 says the contrary, the others say anything."""
    opinions = chance.normal(0, 1, (OPINIONS, 4))
    opinions[0] = np.arange(4) == truth
    opinions[1] = -opinions[0]
    return opinions


def test_who_is_right_is_trusted_more() -> None:
    """After some hundred answers the right opinion has gained, the wrong one lost, and noise is near where it was."""
    mixture, chance = Mixture(), np.random.default_rng(3)
    before = mixture.of((0,))
    for _ in range(400):
        truth = int(chance.integers(4))
        opinions = _opinions(chance, truth)
        mixture.learn((0,), opinions, softmax(mixture.of((0,)) @ opinions), truth)
    gained = mixture.of((0,)) - before
    assert gained[0] > 1 > -1 > gained[1]
    assert np.abs(gained[2:SOFTMAX]).max() < 0.5 * gained[0]


def test_a_case_has_weights_of_its_own() -> None:
    """What is learned of copies moves the shared weights and those of copies, and no other case's."""
    mixture, chance = Mixture(), np.random.default_rng(3)
    mixture.learn((COPY_CASE,), _opinions(chance, 1), np.full(4, 0.25), 1)
    moved = np.flatnonzero(np.abs(mixture.weights - Mixture().weights).sum(axis=1))
    assert moved.tolist() == [0, 1 + COPY_CASE]
    assert mixture.squares.shape == (CASES, OPINIONS)


@pytest.mark.parametrize("curvature", [-40.0, -40.008, -1e6, 0.0, 1e6])
def test_weights_stay_in_bounds_whatever_a_profile_brings(curvature: float) -> None:
    """Singular, negative or huge: no error, no number that isn't finite, none past MAX_WEIGHT."""
    mixture, chance = Mixture(curvature=curvature * np.eye(OPINIONS)), np.random.default_rng(3)
    for scale in (1.0, 1e4):
        opinions = scale * _opinions(chance, 2)
        mixture.learn((0, COPY_CASE), opinions, np.full(4, 0.25), 2)
        assert np.all(np.isfinite(mixture.weights))
        assert np.abs(mixture.weights).max() <= MAX_WEIGHT


def test_an_opinion_that_is_no_number_moves_nothing() -> None:
    """Weights stay what they were, and finite."""
    mixture = Mixture()
    mixture.learn((0,), np.full((OPINIONS, 4), np.nan), np.full(4, 0.25), 2)
    assert mixture.weights.tolist() == Mixture().weights.tolist()


def test_a_singular_curvature_is_no_error() -> None:
    """A forged profile whose curvature undoes the first one exactly: nothing moves."""
    mixture = Mixture(curvature=np.eye(OPINIONS) * (-_FIRST_CURVATURE / _FADE))
    assert _FADE * mixture.curvature[0, 0] == -_FIRST_CURVATURE
    mixture.learn((0,), np.zeros((OPINIONS, 4)), np.full(4, 0.25), 2)
    assert mixture.of((0,)).tolist() == Mixture().of((0,)).tolist()
