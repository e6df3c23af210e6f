"""What a command teaches a profile of this run: filed mail that sentinel finds clean, and nothing else."""

from collections.abc import Mapping, Sequence

from cli.mail import text_of
from gateway.clients.sentinel import Purpose
from gateway.organise.choice import FolderKey
from gateway.organise.judge import Judge, Learned
from gateway.organise.verdict import Outcome
from sandbox.seed_message import SeedMessage


async def learned(
    judge: Judge, folders: Mapping[str, FolderKey], batch: Sequence[SeedMessage], before: Learned
) -> bytes:
    """The profile, extended by what of the batch is clean."""
    inspection = await judge.sentinel.inspect([text_of(one) for one in batch], [], Purpose.LEARN)
    verdicts = zip(batch, inspection.messages, strict=True)
    clean = [message for message, verdict in verdicts if verdict.outcome is Outcome.CLEAN]
    if not clean:
        return before.profile
    labels = [folders[message.folder or ""] for message in clean]
    texts = [text_of(one) for one in clean]
    profile = await judge.classifier.learn(
        inspection.word, texts, labels, profile=before.profile, feature_key=before.feature_key
    )
    return profile.data
