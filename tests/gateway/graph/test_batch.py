"""A batch is made here or nowhere, and takes the places that its calls take."""

import pytest

from gateway.graph import batch
from gateway.graph.batch import MoveBatch, ReadBatch
from gateway.graph.folder import origin
from gateway.graph.link import Asked
from gateway.graph.message import GraphFolderId, MessageId


def ids(count: int) -> list[MessageId]:
    return [MessageId(f"M{number}") for number in range(count)]


def test_nobody_else_makes_a_batch() -> None:
    """What is sent as a batch was built from ids, never from text."""
    for kind in (ReadBatch, MoveBatch):
        with pytest.raises(TypeError):
            kind(b'{"requests":[{"method":"DELETE"}]}', 1, 1, object())


def test_weight_is_what_graph_runs_at_once() -> None:
    """A chain takes one place; calls without order take one each, and no more than the mailbox has."""
    assert batch.places(ids(20), chained=True).weight == 1
    assert batch.metadata(ids(4), asked=Asked.WITH_LIST_ID, chained=False).weight == 4
    assert batch.moves(ids(20), origin(GraphFolderId("F"))).weight == 1
    with pytest.raises(ValueError, match="without order"):
        batch.places(ids(5), chained=False)


def test_special_folder_has_a_known_name() -> None:
    """A name is part of a path, so it comes from the closed list."""
    with pytest.raises(ValueError, match="well-known"):
        batch.special_folders(["../messages"], chained=True)
