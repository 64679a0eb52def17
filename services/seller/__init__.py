"""What a seller does with its orders and its account, and how it is paid."""
