"""The chart, rendered by helm and judged by the schemas of Kubernetes, and of the resources of others."""
import json
import os
import re
import tarfile

import pytest
import yaml

from conftest import DEPLOY, run, tool, varve
from custom_resources import problems

CHART = DEPLOY / "helm/varve"
FULL = CHART / "ci/full-values.yaml"
EXAMPLE = DEPLOY / "terraform/examples/eks-msk/values.yaml"
KUBERNETES = ["1.29.0", "1.33.0", "1.37.0"]
CUSTOM = {"ScaledObject", "ServiceMonitor", "PrometheusRule", "ExternalSecret"}


@pytest.fixture(scope="module")
def helm():
    return tool("helm")


def render(helm, *options):
    done = run(helm, "template", "lake", CHART, "--namespace", "data", *options)
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def both(helm):
    return render(helm), render(helm, "-f", FULL)


def find(documents, kind, ending=""):
    return [d for d in documents if d["kind"] == kind and d["metadata"]["name"].endswith(ending)]


def pods(documents):
    for document in documents:
        spec = document.get("spec", {})
        spec = spec.get("jobTemplate", document).get("spec", spec)
        if "template" in spec:
            yield document, spec["template"]["spec"]


def test_lint(helm):
    for values in ([], ["-f", FULL]):
        run(helm, "lint", "--strict", CHART, *values)


@pytest.mark.parametrize("version", KUBERNETES)
def test_manifests_are_what_kubernetes_takes(helm, version):
    import kubernetes_validate
    for documents in both(helm):
        for document in documents:
            if document["kind"] not in CUSTOM:
                kubernetes_validate.validate(document, version, strict=True)


def test_custom_resources_are_what_their_operators_take(helm):
    _, full = both(helm)
    seen = set()
    for document in full:
        if document["kind"] in CUSTOM:
            seen.add(document["kind"])
            assert problems(document) == []
    assert seen == CUSTOM


def test_a_wrong_custom_resource_is_found(helm):
    _, full = both(helm)
    scaled = find(full, "ScaledObject")[0]
    scaled["spec"]["triggers"][0]["typo"] = 1
    assert problems(scaled)


def test_prometheus_takes_the_rules_of_the_chart(helm, tmp_path):
    _, full = both(helm)
    rules = find(full, "PrometheusRule")
    assert len(rules) == 2
    for rule in rules:
        path = tmp_path / (rule["metadata"]["name"] + ".yaml")
        path.write_text(yaml.safe_dump(rule["spec"]))
        assert "SUCCESS" in run(tool("promtool"), "check", "rules", path).stdout
    alerts = [rule for group in rules[1]["spec"]["groups"] for rule in group["rules"]]
    assert all(rule["annotations"]["runbook_url"].startswith("https://wiki.example.internal/varve/") for rule in alerts)


def test_dashboards_come_as_they_are(helm):
    _, full = both(helm)
    found = {name: text for d in find(full, "ConfigMap") for name, text in d["data"].items() if name.endswith(".json")}
    files = {path.name: path.read_text() for path in (DEPLOY / "observability/dashboards").glob("*.json")}
    assert {name: json.loads(text) for name, text in found.items()} == {
        name: json.loads(text) for name, text in files.items()}


def test_varve_takes_the_configuration(helm, tmp_path):
    for documents in (*both(helm), render(helm, "-f", EXAMPLE)):
        config = tmp_path / "varve.yaml"
        config.write_text(find(documents, "ConfigMap", "lake-varve")[0]["data"]["varve.yaml"])
        environment = os.environ | {"KAFKA_PASSWORD": "canary-4711", "VARVE_SERVER_LISTEN": "0.0.0.0:9464"}
        run(varve(), "config", "check", "--config", config, env=environment)


def test_varve_takes_the_arguments_of_every_container(helm, tmp_path):
    """Parsed as they stand: with --help behind them a wrong option is still refused."""
    for documents in both(helm):
        for document, pod in pods(documents):
            for container in pod["containers"]:
                if "command" in container:
                    continue
                done = run(varve(), *container["args"], "--help", check=False)
                assert done.returncode == 0, f"{document['metadata']['name']}: {done.stderr}"
                subcommand = container["args"][: 2 if container["args"][0] == "lifecycle" else 1]
                help_text = run(varve(), *subcommand, "--help").stdout
                for argument in container["args"]:
                    if argument.startswith("--"):
                        assert argument in help_text, f"{document['metadata']['name']}: {argument}"


def test_pods_are_locked_down(helm):
    for documents in both(helm):
        for document, pod in pods(documents):
            name = document["metadata"]["name"]
            assert pod["securityContext"]["runAsNonRoot"] is True, name
            assert pod["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault", name
            assert pod["automountServiceAccountToken"] is False, name
            for container in pod["containers"]:
                context = container["securityContext"]
                assert context["readOnlyRootFilesystem"] is True and context["allowPrivilegeEscalation"] is False
                assert context["capabilities"] == {"drop": ["ALL"]}
                assert "memory" in container["resources"]["limits"], name


def test_writers_have_time_to_stop(helm):
    for documents in both(helm):
        writer = next(pod for document, pod in pods(documents) if document["metadata"]["name"].endswith("-writer"))
        config = yaml.safe_load(find(documents, "ConfigMap", "lake-varve")[0]["data"]["varve.yaml"])
        stop = int(config["shutdown"]["timeout"].removesuffix("s"))
        wait = int(writer["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
        assert writer["terminationGracePeriodSeconds"] > stop + wait


def test_jobs_run_under_the_account_that_may_delete(helm):
    for documents in both(helm):
        for document, pod in pods(documents):
            expected = "lake-varve" if document["metadata"]["name"].endswith("-writer") else "lake-varve-maintainer"
            assert pod["serviceAccountName"] == expected, document["metadata"]["name"]


def test_static_members_are_a_stateful_set(helm):
    default, full = both(helm)
    assert find(default, "Deployment", "-writer") and not find(default, "StatefulSet")
    writer = find(full, "StatefulSet", "-writer")[0]
    names = [entry["name"] for entry in writer["spec"]["template"]["spec"]["containers"][0]["env"]]
    assert "VARVE_KAFKA_INSTANCE_ID" in names
    # KEDA counts the pods then.
    assert "replicas" not in writer["spec"]
    assert find(full, "ScaledObject")[0]["spec"]["scaleTargetRef"]["kind"] == "StatefulSet"


def test_selectors_find_their_pods(helm):
    for documents in both(helm):
        labels = [document["spec"]["template"]["metadata"]["labels"] for document in documents
                  if document["kind"] in ("Deployment", "StatefulSet")]
        for document in find(documents, "Service") + find(documents, "PodDisruptionBudget"):
            selector = document["spec"]["selector"]
            selector = selector.get("matchLabels", selector)
            found = [these for these in labels if selector.items() <= these.items()]
            assert len(found) == 1, document["metadata"]["name"]


def test_service_accounts_are_those_that_the_roles_trust(helm):
    trusted = re.findall(r'service_account\s+= "(.*)"', (EXAMPLE.parent / "main.tf").read_text())
    accounts = {document["metadata"]["name"] for document in find(render(helm, "-f", EXAMPLE), "ServiceAccount")}
    assert set(trusted) == accounts


@pytest.mark.parametrize("wrong", [
    "writer.replica=3", "writer.replicas=many", "config.server.listen=off", "config.lake=file:///tmp", "keda.topics=x",
    "jobs.compact.schedule=often", "largeCompaction.enabled=true", "image.digest=sha256:1", "lakeMetrics.every=soon",
])
def test_wrong_values_are_refused(helm, wrong):
    assert run(helm, "template", "lake", CHART, "--set", wrong, check=False).returncode != 0


def test_every_value_is_described():
    """In values.yaml by a comment at each group, and in the schema by a type."""
    text = (CHART / "values.yaml").read_text()
    schema = json.loads((CHART / "values.schema.json").read_text())
    values = yaml.safe_load(text)
    assert set(values) <= set(schema["properties"])
    paragraphs = text.split("\n\n")
    plain = ("#", "image:", "writer:", "service", "network", "pod")
    assert all(part.lstrip().startswith(plain) for part in paragraphs if part.strip())


def test_it_can_be_packaged(helm, tmp_path):
    run(helm, "package", CHART, "--destination", tmp_path)
    packed = next(tmp_path.glob("*.tgz"))
    names = tarfile.open(packed).getnames()
    assert "varve/files/varve-alerts.yaml" in names and not any("/ci/" in name for name in names)
    assert run(helm, "template", "lake", packed, "-f", FULL).stdout.count("kind: PrometheusRule") == 2
