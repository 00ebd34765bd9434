"""The page Latent size."""
