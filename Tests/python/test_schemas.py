"""The golden files of the catalog and of maintenance satisfy its JSON Schemas, and the schemas refuse what they should.

Run: python -m pip install jsonschema pytest && python -m pytest Tests/python/test_schemas.py
The Swift tests show that these golden files are what the program writes, byte for byte.
"""

import copy
import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
# Lines of events have their own tests, in test_formats.py.
CATALOG = [
    SCHEMAS / f"{name}.v1.json" for name in [
        "boundary", "checkpoint-list", "commit", "data-object", "latest", "compaction-plan", "erasure-certificate",
        "replay", "adoption", "archived"]
]


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


REGISTRY = Registry().with_resources(
    (load(path)["$id"], Resource.from_contents(load(path))) for path in CATALOG
)


def validator(name):
    return Draft202012Validator(load(SCHEMAS / name), registry=REGISTRY)


def documents():
    """Every JSON text in the golden files, with the schema that its file name begins with."""
    return list(each_document())


def each_document():
    for path in sorted((SCHEMAS / "golden").iterdir()):
        schema = ".".join(path.name.split(".")[:2]) + ".json"
        if SCHEMAS / schema not in CATALOG:
            continue
        if path.suffix == ".ndjson":
            for number, line in enumerate(path.read_text(encoding="utf-8").rstrip("\n").split("\n")):
                yield pytest.param(schema, json.loads(line), id=f"{path.name}:{number + 1}")
        else:
            yield pytest.param(schema, load(path), id=path.name)


@pytest.mark.parametrize("path", CATALOG, ids=lambda path: path.name)
def test_schema_is_a_schema(path):
    Draft202012Validator.check_schema(load(path))


@pytest.mark.parametrize("path", CATALOG, ids=lambda path: path.name)
def test_every_schema_has_golden_files(path):
    stem = path.name.removesuffix(".json")
    assert len(list((SCHEMAS / "golden").glob(f"{stem}*"))) >= 2


@pytest.mark.parametrize("schema, document", documents())
def test_golden_file_satisfies_its_schema(schema, document):
    validator(schema).validate(document)


@pytest.mark.parametrize("schema, document", documents())
def test_unknown_and_missing_fields_are_refused(schema, document):
    assert not validator(schema).is_valid({**document, "surprise": 1})
    required = [key for key in document if key not in {"layout", "reason", "parent", "horizon", "event_time",
                                                       "schema_id", "closed_through", "id", "at", "offsets",
                                                       "signature", "adopted", "table_commit"}]
    if schema == "adoption.v1.json":
        required.remove("version")
    for key in required:
        less = copy.deepcopy(document)
        del less[key]
        assert not validator(schema).is_valid(less), key


@pytest.mark.parametrize("schema, document", documents())
def test_a_newer_format_is_refused(schema, document):
    if "format" in document and isinstance(document["format"], int):
        assert not validator(schema).is_valid({**document, "format": 3})


def test_a_commit_that_adopts_has_a_format_of_its_own():
    adopt = load(SCHEMAS / "golden" / "commit.v1.adopt.json")
    assert not validator("commit.v1.json").is_valid({**adopt, "format": 1})
    plain = load(SCHEMAS / "golden" / "commit.v1.json")
    assert not validator("commit.v1.json").is_valid({**plain, "format": 2})
