"""Who else than the operator sees something of a person: every host that a setting can name, as data."""
