"""What is owed to the people we hold data of, across all apps: keys, looks, exports, answers."""
