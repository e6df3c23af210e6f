"""What every Graph operation works on, built once by the app."""

import dataclasses

from sandbox.faults import FaultSwitch
from sandbox.graph.link import LinkSeal
from sandbox.store import Store


@dataclasses.dataclass(slots=True)
class Desk:
    """The mailboxes, the seal of page tokens, and the faults in force, which a test may exchange at any time."""

    store: Store
    seal: LinkSeal
    faults: FaultSwitch
