"""Near-duplicates: embeddings and perceptual hashes propose pairs of pictures, a comparison of pixels confirms them."""
