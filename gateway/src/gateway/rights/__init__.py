"""What people may ask for: everything that is held about them, its end, and that nothing is kept longer than said."""
