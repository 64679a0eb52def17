"""What the AWS components share."""
