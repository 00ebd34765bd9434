"""The page Trainer."""
