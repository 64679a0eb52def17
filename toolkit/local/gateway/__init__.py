"""API Gateway on this machine: the plan's HTTP API routes, in front of the services' processes.

`python -m toolkit.local.gateway --routes FILE --port N`; the file is a `toolkit.local.gateway.routes.RouteTable`.
"""
