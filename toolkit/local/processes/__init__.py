"""Child processes of the toolkit: how they start, what they see, and how they end."""
