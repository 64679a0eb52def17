"""API Gateway on this machine: the plan's HTTP API in front of the services' processes.

`python -m toolkit.local.gateway --settings FILE --port N`; the file holds `GatewaySettings` (`api.py`).
"""
