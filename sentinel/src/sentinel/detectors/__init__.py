"""The detectors. Each has one way in: an inspected item; and one way out: findings."""
