"""The part of OpenSearch's HTTP API that product search uses, over tantivy.

What it does not know it refuses, with the error types of OpenSearch. Every bulk request is on disk and can be searched
when it is answered.
"""
