"""How collection goes: figures of collectors and teams, and who works on what right now."""
