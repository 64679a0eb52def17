"""A demo purchase over HTTP, and the receipt that it ends with."""
