"""What the AWS components share: policies, identities, security groups, log groups, the Lambda and its image."""
