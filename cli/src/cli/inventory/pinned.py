"""The public halves of sentinel's keys, as classifier pins them."""

from collections.abc import Iterator

import classifier.settings
from chassis import settings
from chassis.secret_file import dates_of
from cli.inventory.listed import KEYS, PINNED
from cli.inventory.row import Row, of_file


def rows(configured: classifier.settings.Settings) -> Iterator[Row]:
    """One a kid."""
    pinned = settings.load(classifier.settings.SigningKeys, configured.signing_keys)
    dates = dates_of(configured.signing_keys)
    for kid in pinned.keys:
        yield of_file(f"classifier.signing_keys.{kid}", KEYS[PINNED], "classifier.signing_keys", dates)
