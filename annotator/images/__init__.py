"""Images, imports and the catalogue of the array store."""
