"""The audit log: who did what, when, from where, and how it ended. Append-only, chained, keyed, in codes alone."""
