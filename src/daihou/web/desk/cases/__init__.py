"""The workbench of collections: the queue, the page of a case, what is done in it by key."""
