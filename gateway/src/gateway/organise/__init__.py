"""From a page of a folder to a preview, from an approved preview to moves, and back. Deciding is pure; I/O comes in."""
