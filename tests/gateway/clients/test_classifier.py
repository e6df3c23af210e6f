"""What the gateway reads of a classifier's answer."""

import pytest

from gateway.clients.classifier import _choices
from gateway.organise.choice import FolderKey
from mail_organiser.classifier.v1 import classifier_pb2 as wire
from mail_organiser.columns import FolderText

FOLDERS = [FolderText("fld_a", "A"), FolderText("fld_b", "B")]


def _answer(confidence: float, folder: int = 1) -> wire.ClassifyResponse:
    return wire.ClassifyResponse(
        folder=[folder], confidence=[confidence], engine=[wire.ENGINE_LEARNED], reason=[wire.REASON_SENDER]
    )


@pytest.mark.parametrize("told", [0.1, 0.4, 0.7, 0.8, 0.9, 0.97, 0.99])
def test_a_confidence_is_the_number_that_was_told(told: float) -> None:
    """The wire's float makes 0.9 less than 0.9; whoever moves from 0.9 up must still get what was told 0.9."""
    (choice,) = _choices(_answer(told), 1, FOLDERS)
    assert choice.folder == FolderKey("fld_b")
    assert choice.confidence == told


@pytest.mark.parametrize(("folder", "confidence"), [(2, 0.9), (-1, 0.9), (0, 1.5), (0, -0.1), (0, float("nan"))])
def test_what_names_no_folder_of_the_request_is_none(folder: int, confidence: float) -> None:
    """An index outside, or a confidence that is none: no folder, and no confidence."""
    (choice,) = _choices(_answer(confidence, folder), 1, FOLDERS)
    assert choice.folder is None
    assert choice.confidence == 0.0
