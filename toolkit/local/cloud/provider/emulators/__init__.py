"""What each AWS resource type becomes here, one module per service; `registry.py` lists them."""
