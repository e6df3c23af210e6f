"""What there is of keys and certificates: every one, from when until when, and never the key itself."""
