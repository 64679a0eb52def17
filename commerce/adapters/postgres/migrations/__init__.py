"""The order database's schema as versioned SQL files. A file that was applied anywhere is never edited again."""
