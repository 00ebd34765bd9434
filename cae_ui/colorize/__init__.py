"""The page Colorize."""
