"""Measurements of the toolkit and the checkout, each beside the limit of what stands below it, in the same run."""
