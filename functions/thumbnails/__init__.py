"""Makes the sizes that pages show of the pictures that sellers upload."""
