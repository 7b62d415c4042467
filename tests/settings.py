"""The product's settings on a data directory of the tests' own, chosen before anything reads the environment."""

import atexit
import os
import shutil
import tempfile

os.environ["ANNOTATOR_DATA_DIR"] = tempfile.mkdtemp(prefix="annotator-tests-")
atexit.register(shutil.rmtree, os.environ["ANNOTATOR_DATA_DIR"], ignore_errors=True)
os.environ["ANNOTATOR_SECRET_KEY"] = "only for tests"
os.makedirs(os.path.join(os.environ["ANNOTATOR_DATA_DIR"], "static"))
# Processes that tests start run on the product's own settings, and on the directory that they are told.
os.environ["DJANGO_SETTINGS_MODULE"] = "annotator.settings"

from annotator.settings import *  # noqa: E402, F403 - the environment had to be set first
