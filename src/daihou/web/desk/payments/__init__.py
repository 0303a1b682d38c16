"""Pages of money in: payments, suspense, debits."""
