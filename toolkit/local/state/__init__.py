"""What stays in the state folder between runs."""
