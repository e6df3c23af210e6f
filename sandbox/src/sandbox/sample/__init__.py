"""A sample mailbox to try Mail Organiser on: one made-up person's mail, with twelve attacks in it."""

from sandbox.sample.mailbox import FILED_UNTIL, Truth, messages, truth

__all__ = ["FILED_UNTIL", "Truth", "messages", "truth"]
