"""The mailbox: the only package that may touch one.

Guarantees: reads ask for a fixed $select and decode into closed types that have no place for a body; moves are read for
their status only; links are followed to the configured host and folder and nowhere else; every call carries
Prefer: IdType="ImmutableId". It can read metadata, move a message to an AllowedFolder, and make an empty folder at the
top. There is no fourth verb, and none that takes anything away.

Must never: log or raise text of a message, follow a redirect, offer a request that takes a method or a URL.
"""
