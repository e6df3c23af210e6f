"""The gateway's database: ids, codes, times and ciphertext; never mail text in plain.

Transactions are the caller's: `with engine.begin() as connection:` to write, `with reading(engine) as connection:`
to read.
Every time is an integer: milliseconds since the Unix epoch, UTC.
"""

from gateway.store.engine import migrate, reading

__all__ = ["migrate", "reading"]
