"""The fuzzers are built apart from everything else (make fuzz), and rot there unless something looks."""

import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STRICT = ["ExistentialAny", "InternalImportsByDefault", "MemberImportVisibility", "NonisolatedNonsendingByDefault"]


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    dumped = subprocess.run(
        ["swift", "package", "--scratch-path", tmp_path_factory.mktemp("dump"), "dump-package"],
        cwd=ROOT, env=os.environ | {"VARVE_FUZZ": "1"}, capture_output=True, text=True, timeout=300)
    assert dumped.returncode == 0, dumped.stderr
    return json.loads(dumped.stdout)


def test_every_target_that_the_fuzzers_lead_to_is_there(manifest):
    names = {target["name"] for target in manifest["targets"]}
    for target in manifest["targets"]:
        needed = {item["byName"][0] for item in target["dependencies"] if "byName" in item}
        assert needed <= names, f"{target['name']} needs {needed - names}"
    assert "varve-fuzz" in names and "Kafka" not in names


def test_the_settings_are_compiled_without_the_rest_of_the_program(manifest):
    settings = next(target for target in manifest["targets"] if target["name"] == "VarveSettings")
    folder = ROOT / settings["path"]
    files = [file for source in settings["sources"] for file in sorted((folder / source).glob("*.swift"))
             or [folder / source]]
    doors = [header.parent for header in ROOT.glob("Sources/C*/**/module.modulemap")]
    arguments = ["-typecheck", "-swift-version", "6", "-module-name", "VarveSettings", "-package-name", "varve",
                 "-I", ROOT / ".build/debug/Modules", "-Xcc", f"-I{ROOT}/.build/checkouts/Yams/Sources/CYaml/include"]
    arguments += [part for name in STRICT for part in ("-enable-upcoming-feature", name)]
    arguments += [part for door in doors for part in ("-I", door)]
    arguments += ["-Xcc", f"-fmodule-map-file={ROOT}/.build/debug/CSimdjson.build/module.modulemap"]
    compiled = subprocess.run(["swiftc", *arguments, *files], capture_output=True, text=True, timeout=300)
    assert compiled.returncode == 0, compiled.stderr
