"""Orders to stop contact: a list of them, and lifting one."""
