"""The pages of supervision: who works now, and the figures of a period."""
