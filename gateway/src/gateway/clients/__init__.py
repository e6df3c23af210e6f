"""The gateway's view of sentinel and classifier: wire to domain and back, and nothing unknown let through."""
