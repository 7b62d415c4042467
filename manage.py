#!/usr/bin/env python
"""The same entry point as the `annotator` console script, for a source checkout."""

from annotator.cli import main

if __name__ == "__main__":
    main()
