"""The marketplace's rules. Pure: no SDK and no framework is imported here; `commerce.adapters` does that."""
