"""CloudFront and API Gateway on this machine: the plan's distribution and HTTP API before the services' processes.

`python -m toolkit.local.gateway --settings FILE --port N`; the file holds `GatewaySettings` (`api.py`).
"""
