"""REST, one router a noun. Routes translate; what is decided is decided in organise."""
