"""The refusal of a whole mailbox. Its words name the path that was given, never anything that is in a message."""


class UnreadableMailbox(Exception):
    """No message can be read from what was given. what, why and what_to_do are sentences for its owner."""

    def __init__(self, what: str, why: str, what_to_do: str) -> None:
        super().__init__(f"{what} {why} {what_to_do}")
        self.what = what
        self.why = why
        self.what_to_do = what_to_do
