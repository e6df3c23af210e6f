"""Where Graph is: the one host that a token is ever sent to."""

import re
from dataclasses import dataclass
from typing import Final, Self

_FORM: Final = re.compile(
    r"(https://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[1-9][0-9]{1,4})?)((?:/[A-Za-z0-9_-]+)*/v1\.0)",
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """origin: "https://graph.microsoft.com"; root: "/v1.0"."""

    origin: str
    root: str

    @classmethod
    def parse(cls, url: str) -> Self:
        """From the setting, e.g. https://graph.microsoft.com/v1.0; ValueError for anything but https, host and root."""
        found = _FORM.fullmatch(url)
        if found is None:
            raise ValueError("graph endpoint: expected https://<host in lower case>[:port]/v1.0")
        return cls(origin=found[1], root=found[2])

    def url(self, path: str) -> str:
        """The address of a path of ours, which starts with a slash."""
        return f"{self.origin}{self.root}{path}"
