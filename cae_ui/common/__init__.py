"""What several pages share: the frame, forms, views, cached resources."""
