"""One file a schema version. A published one is never edited: what it built is out there."""
