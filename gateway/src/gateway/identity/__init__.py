"""Who is calling, and with whose leave we touch a mailbox: Microsoft sign-in, our sessions, our tokens."""
