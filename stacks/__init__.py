"""The Pulumi program: settings, workloads, and the marketplace that is made of them."""
