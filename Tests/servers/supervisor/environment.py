"""Where the servers' programs are, and how their addresses reach the tests."""
import glob
import os
import shlex
import shutil

from .process import UpError


def venv() -> str:
    root = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
    return os.environ.get("VARVE_VENV") or os.path.join(root, ".venv")


def program(name: str) -> str:
    """The path of a program that requirements.txt installs, or that Debian has."""
    candidates = [os.path.join(venv(), "bin", name)]
    candidates += glob.glob(os.path.join(venv(), "lib", "python3*", "site-packages", "*", "bin", name))
    for path in candidates:
        if os.path.isfile(path):
            if not os.access(path, os.X_OK):
                os.chmod(path, 0o755)
            return path
    found = shutil.which(name)
    if found is None:
        raise UpError(f"{name} is not installed; run 'make deps'")
    return found


def export_lines(environment: dict[str, str]) -> str:
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in environment.items())
