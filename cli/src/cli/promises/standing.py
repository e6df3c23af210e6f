"""Whether a promise is proven here. Pure.

Guarantees: proven is what all its tests passed, with all their parameters, at this very commit with nothing changed.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from cli.promises.promise import Promise, Proof
from cli.promises.results import Outcome, Result, Results, Tree


class Standing(StrEnum):
    """BROKEN: a test failed. NOT_PROVEN: no result, one of another commit, or the sources have changes."""

    PROVEN = "proven"
    BROKEN = "broken"
    NOT_PROVEN = "not proven here"


class Judged(NamedTuple):
    """A promise, how it stands, and the last result of its tests in words."""

    promise: Promise
    standing: Standing
    last: str


def judge(promise: Promise, results: Results, tree: Tree) -> Judged:
    """What the results amount to for the sources as they are."""
    found = [_of(proof, results) for proof in promise.proofs]
    last = "; ".join(_words(one, tree) for one in found) or "names no test"
    return Judged(promise, _standing(found, tree), last)


def _of(proof: Proof, results: Results) -> list[Result]:
    named = f"{proof.path}::"
    return [one for test, one in results.items() if test.startswith(named) and _function(test) == proof.test]


def _function(test: str) -> str:
    return test.partition("[")[0].rpartition("::")[2]


def _standing(found: Sequence[Sequence[Result]], tree: Tree) -> Standing:
    here = [[one for one in results if one.tree == tree] for results in found]
    if any(one.outcome is Outcome.FAILED for results in here for one in results):
        return Standing.BROKEN
    proven = bool(here) and all(results and all(_passed(one) for one in results) for results in here)
    return Standing.PROVEN if proven and not tree.dirty else Standing.NOT_PROVEN


def _passed(result: Result) -> bool:
    return result.outcome is Outcome.PASSED


def _words(results: Sequence[Result], tree: Tree) -> str:
    if not results:
        return "no result"
    here = [one for one in results if one.tree == tree]
    worst = max(here or results, key=lambda one: list(Outcome).index(one.outcome))
    return worst.outcome.value + ("" if here and not tree.dirty else f", {_where(worst.tree)}")


def _where(tree: Tree) -> str:
    return f"at {tree.commit[:10]}" + (" with changes" if tree.dirty else "")
