"""Stripe's resources, one module each: the object's shape, its endpoints, its rules."""
