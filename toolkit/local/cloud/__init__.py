"""The emulated AWS account of this machine."""
