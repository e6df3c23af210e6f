"""The REST edge: the only service that holds people's tokens, keys and database, and touches a mailbox."""
