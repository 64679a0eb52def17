"""The dispute service: cases between buyers and sellers, and what support and administrators do."""
