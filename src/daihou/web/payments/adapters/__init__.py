"""What differs between providers: how a message proves itself, what it says, how we answer."""
