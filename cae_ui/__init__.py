"""What the pages are made of: forms, views, session state, cached resources."""
