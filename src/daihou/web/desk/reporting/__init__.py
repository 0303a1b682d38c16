"""Which overdue loans may be reported to a credit bureau."""
