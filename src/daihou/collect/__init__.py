"""Collections as pure rules: who may be reached how and when, and what is said."""
