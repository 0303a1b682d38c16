"""Users and rights: who logs in, what each may do, on which books."""
