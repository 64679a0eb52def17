"""Mails to buyers and sellers: for each event that they wait for, once, and never to an address that bounced."""
