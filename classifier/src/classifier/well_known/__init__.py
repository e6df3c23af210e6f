"""Senders known for mail of one kind, and what a folder for that kind is called: a hint, published as data."""
