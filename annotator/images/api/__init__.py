"""REST views of pictures, blobs, suggestions and imports."""

from annotator.images.api.imports import ImportRejectedView, ImportStartView, ImportsView, ImportView
from annotator.images.api.pictures import BlobView, ImagesView, ImageView, SuggestionsView
from annotator.images.api.similar import SimilarView
from annotator.images.api.uploads import ImportFilesView

__all__ = [
    "BlobView",
    "ImageView",
    "ImagesView",
    "ImportFilesView",
    "ImportRejectedView",
    "ImportStartView",
    "ImportView",
    "ImportsView",
    "SimilarView",
    "SuggestionsView",
]
