"""The refusal of what was given to a command: the user can put it right, and is told how."""


class Unusable(Exception):
    """what, why and what_to_do are sentences for the user."""

    def __init__(self, what: str, why: str, what_to_do: str) -> None:
        super().__init__(f"{what} {why} {what_to_do}")
        self.what = what
        self.why = why
        self.what_to_do = what_to_do
