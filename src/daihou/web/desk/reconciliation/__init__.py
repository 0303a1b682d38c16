"""Pages of reconciliation: runs and breaks."""
