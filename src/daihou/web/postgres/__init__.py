"""The database: an embedded PostgreSQL under our own supervisor, or one's own server."""
