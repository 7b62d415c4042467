"""Pure machine learning on torch, timm, faiss and numpy: no Django, no Celery, no files it was not given."""
