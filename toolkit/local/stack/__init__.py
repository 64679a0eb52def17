"""The whole stack on this machine: servers, resources, processes, and what `up` and `status` show."""
