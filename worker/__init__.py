"""The machine side: job handlers, image decoding, dataset formats and machine learning. An app without models."""
