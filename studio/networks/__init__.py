"""Torch modules and nothing else: autoencoder, generator, discriminator."""
