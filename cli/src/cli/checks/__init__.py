"""What `doctor` looks at. Each check says what is, and what to do when it isn't right; none changes anything."""
