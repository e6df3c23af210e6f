"""What the owner decided for good: rules and protections as data, evaluated by pure functions. One noun a file."""
