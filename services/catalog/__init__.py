"""Browse products and their offers; sellers maintain theirs."""
