"""Which pictures look alike: a FAISS index to ask, and the graph of every picture's nearest neighbours."""

from worker.ml.index.graph import Graph, K, build, extend, extends
from worker.ml.index.search import make_index

__all__ = ["Graph", "K", "build", "extend", "extends", "make_index"]
