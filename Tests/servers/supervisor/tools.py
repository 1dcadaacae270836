"""Programs that tests start by themselves: the fault proxy, and a Python that has the readers."""
import os

from .environment import program, venv
from .process import UpError


def up(_directory: str) -> dict[str, str]:
    python = os.path.join(venv(), "bin", "python")
    if not os.path.exists(python):
        raise UpError("there is no virtual environment; run 'make deps'")
    return {"VARVE_TEST_MITMDUMP": program("mitmdump"), "VARVE_TEST_PYTHON": python}
