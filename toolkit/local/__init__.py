"""This machine in place of a cloud account: what `marketplace up` runs.

- `cloud/`: the emulated AWS account: moto's process, and the Pulumi provider that creates the plan's resources
- `servers/`: PostgreSQL, Redis, and how the Python servers (moto, the Stripe double) are started
- `stripe/`: the Stripe double
- `processes/`: child processes, their environments and ports, and the supervisor that keeps them running
- `lambda_functions/`: the runtime of Lambda functions, their workers and queue pollers
- `gateway/`: the HTTP API in front of the services
- `deployers/`: the two engines that can deploy, ours and the Pulumi CLI
- `state/`: what stays in the state folder between runs
- `stack/`: all of it together, from plan to running processes
- `purchase/`: the demo purchase and its receipt
"""
