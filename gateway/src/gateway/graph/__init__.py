"""The mailbox: the only package that may touch one.

Guarantees: reads ask for a fixed $select and decode into closed types that have no place for a body; moves are read for
their status only; links are followed to the configured host and folder and nowhere else; every call carries
Prefer: IdType="ImmutableId". It can read metadata, and move a message to an AllowedFolder. There is no third verb.

Must never: log or raise text of a message, follow a redirect, offer a request that takes a method or a URL.
"""
