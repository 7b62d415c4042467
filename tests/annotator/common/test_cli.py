"""The `annotator` command before any management command runs."""

from __future__ import annotations

import os
import subprocess
import sys


def annotator(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ANNOTATOR_")}
    return subprocess.run(
        [sys.executable, "-m", "annotator.cli", *arguments],
        env=inherited | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_hyphens_and_underscores_name_the_same_command(tmp_path):
    outputs = [
        annotator(name, "--help", ANNOTATOR_DATA_DIR=str(tmp_path)).stdout for name in ("label-sim", "label_sim")
    ]
    assert "--checkpoints" in outputs[0]
    assert outputs[0] == outputs[1]


def test_a_data_directory_that_cannot_be_is_named_in_one_line(tmp_path):
    (tmp_path / "file").write_text("in the way")
    result = annotator("doctor", ANNOTATOR_DATA_DIR=str(tmp_path / "file" / "data"))
    assert result.returncode != 0
    assert "The data directory cannot be used" in result.stderr
    assert "ANNOTATOR_DATA_DIR" in result.stderr
    assert "Traceback" not in result.stderr
