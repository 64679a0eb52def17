"""Measurements of the toolkit and the checkout, where possible beside what limits them, in the same run."""
