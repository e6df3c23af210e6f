"""Where the root is when a hardware security module or a key service has it."""

from typing import Annotated

from pydantic import Field

from chassis.secret_file import SecretFile
from chassis.settings import File, Settings

Label = Annotated[str, Field(min_length=1, max_length=64)]


class HsmSettings(Settings):
    """module: its PKCS#11 library; token and key: their labels; pin: a secret file with the user's PIN."""

    module: File
    token: Label
    key: Label = "mail-organiser-root"
    pin: SecretFile
