"""One module for each provider; none of them knows the database."""
