"""Plumbing that each service needs once. Knows no stub, no database, no web framework and no mail noun."""
