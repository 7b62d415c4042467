"""People: users, sign-in, API tokens."""
