"""The files of deploy/ and .github/, judged by the tools that will read them."""
import json
import re
import subprocess

import pytest
import yaml

from conftest import DEPLOY, ROOT, run, tool


def files(*patterns):
    """The repository's files, new ones too; no links, as what they lead to is there as well."""
    if not (ROOT / ".git").exists():
        pytest.skip("no .git here: a source archive is not checked")
    paths = run("git", "ls-files", "-co", "--exclude-standard", *patterns, cwd=ROOT).stdout.split()
    return [path for path in paths if (ROOT / path).is_file() and not (ROOT / path).is_symlink()]


def test_the_dockerfile_is_clean():
    run(tool("hadolint"), DEPLOY / "image/Dockerfile")


def test_the_image_is_not_root_and_keeps_little():
    text = (DEPLOY / "image/Dockerfile").read_text()
    final = text[text.rindex("FROM "):]
    assert final.startswith("FROM debian:12-slim")
    assert "--static-swift-stdlib" in text
    assert re.search(r"^USER 65532:65532$", final, re.M)
    assert 'ENTRYPOINT ["/usr/bin/tini", "--", "/usr/local/bin/varve"]' in final
    assert "HEALTHCHECK" in final and "-dev" not in final


def test_every_library_of_the_program_is_in_the_image():
    """What `ldd` names has to come from the packages of the last stage."""
    from conftest import varve
    final = (DEPLOY / "image/Dockerfile").read_text().split("FROM debian:12-slim")[1]
    listed = set(re.findall(r"\blib[a-z0-9+.-]+|\bzlib1g", final))
    needed = set()
    for line in run("readelf", "-d", varve()).stdout.splitlines():
        if match := re.search(r"NEEDED.*\[(.*)\]", line):
            needed.add(match[1])
    ours = {
        "libcurl.so.4": "libcurl4", "libcrypto.so.3": "libssl3", "libzstd.so.1": "libzstd1", "libz.so.1": "zlib1g",
        "librdkafka.so.1": "librdkafka1", "libsqlite3.so.0": "libsqlite3-0", "libsimdjson.so.14": "libsimdjson14",
        "libsnappy.so.1": "libsnappy1v5", "liblz4.so.1": "liblz4-1", "libbrotlidec.so.1": "libbrotli1",
        "libbrotlienc.so.1": "libbrotli1", "libstdc++.so.6": "libstdc++6",
    }
    base = re.compile(r"lib(c|m|gcc_s|pthread|dl|rt|util)\.so|ld-linux")
    swift = re.compile(r"lib(swift|Foundation|_Foundation|dispatch|BlocksRuntime)")
    for name in sorted(needed):
        if not base.match(name) and not swift.match(name):
            assert name in ours, f"{name}: which package has it?"
            assert ours[name] in listed, f"{name}: {ours[name]} is not in the image"


@pytest.mark.parametrize("path", ["deploy/compose/compose.yaml", "minio/compose.yaml"])
def test_compose_files_are_valid(path):
    done = run(tool("docker-compose"), "-f", ROOT / path, "--profile", "*", "config", "--format", "json")
    services = json.loads(done.stdout)["services"]
    for name, service in services.items():
        for mount in service.get("volumes", []):
            if mount["type"] == "bind":
                assert subprocess.run(["test", "-e", mount["source"]]).returncode == 0, f"{name}: {mount['source']}"
        for port in service.get("ports", []):
            assert port["host_ip"] == "127.0.0.1", f"{name}: open to the network"


def test_the_stack_has_all_its_parts():
    done = run(tool("docker-compose"), "-f", DEPLOY / "compose/compose.yaml", "config", "--services")
    assert {"kafka", "minio", "writer", "maintainer", "lake-metrics", "prometheus", "grafana", "load"} <= set(
        done.stdout.split())


def test_configurations_are_valid():
    from conftest import varve
    for path in ("deploy/compose/varve.yaml", "minio/varve.yaml", "minio/varve.s3.yaml"):
        text = (ROOT / path).read_text().replace("${file:/run/secrets/kafka-password}", "secret")
        run(varve(), "config", "check", "--config", "/dev/stdin", input=text)


def test_prometheus_of_the_stack_reads_its_configuration(tmp_path):
    text = (DEPLOY / "compose/prometheus.yaml").read_text()
    (tmp_path / "prometheus.yaml").write_text(text.replace("/etc/prometheus", f"{DEPLOY}/observability"))
    run(tool("promtool"), "check", "config", tmp_path / "prometheus.yaml")


def test_rules_are_well_formed():
    done = run(tool("promtool"), "check", "rules", *(DEPLOY / "observability/rules").glob("*.yaml"))
    assert "FAILED" not in done.stdout


@pytest.mark.parametrize("path", sorted((DEPLOY / "observability/tests").glob("*.yaml")), ids=lambda path: path.stem)
def test_rules_do_what_their_tests_say(path):
    run(tool("promtool"), "test", "rules", path, timeout=300)


def alerts():
    rules = yaml.safe_load((DEPLOY / "observability/rules/varve-alerts.yaml").read_text())
    return [rule for group in rules["groups"] for rule in group["rules"]]


def test_every_alert_is_tested_firing_and_silent():
    checks = [
        check for path in (DEPLOY / "observability/tests").glob("*.yaml")
        for case in yaml.safe_load(path.read_text())["tests"] for check in case["promql_expr_test"]]
    for alert in alerts():
        own = [check for check in checks if f'alertname="{alert["alert"]}"' in check["expr"]]
        fires, silent = any(check["exp_samples"] for check in own), not all(check["exp_samples"] for check in own)
        assert fires, f"{alert['alert']}: no test sees it fire"
        assert silent, f"{alert['alert']}: no test sees it silent"


def test_every_alert_has_severity_texts_and_a_runbook():
    for alert in alerts():
        assert alert["labels"]["severity"] in ("critical", "warning", "info")
        assert alert["annotations"]["summary"] and alert["annotations"]["description"]
        prefix, name = alert["annotations"]["runbook_url"].rsplit("/", 1)
        assert prefix.endswith("/docs/runbooks")
        assert (ROOT / "docs/runbooks" / name).is_file(), f"{alert['alert']}: no runbook {name}"


def test_workflows_are_clean():
    run(tool("actionlint"), *(ROOT / ".github/workflows").glob("*.yaml"))


def test_workflows_give_no_more_rights_than_needed():
    for path in (ROOT / ".github/workflows").glob("*.yaml"):
        workflow = yaml.safe_load(path.read_text())
        assert workflow["permissions"] == {"contents": "read"}, f"{path.name}: rights for all jobs"
        for name, job in workflow["jobs"].items():
            for step in job.get("steps", []):
                if step.get("uses", "").startswith("actions/checkout@"):
                    assert step["with"]["persist-credentials"] is False, f"{path.name}: {name}"


def test_shell_scripts_are_clean():
    scripts = [path for path in files() if (ROOT / path).read_bytes().startswith((b"#!/bin/bash", b"#!/bin/sh"))]
    assert len(scripts) > 5
    run(tool("shellcheck"), *scripts, cwd=ROOT)


def test_yaml_is_clean():
    paths = [path for path in files("*.yaml", "*.yml") if "/templates/" not in path]
    rules = {
        "extends": "default",
        "rules": {
            "line-length": "disable", "document-start": "disable", "truthy": "disable",
            "comments-indentation": "disable",
            "braces": {"max-spaces-inside": 1}, "comments": {"min-spaces-from-content": 1},
            "indentation": {"spaces": 2, "indent-sequences": "whatever"},
        },
    }
    run(tool("yamllint"), "-s", "-d", json.dumps(rules), *paths, cwd=ROOT)


def test_release_notes_know_the_version(tmp_path):
    version = re.search(r'static let version = "(.*)"', (ROOT / "Sources/varve/Commands/Varve.swift").read_text())[1]
    done = run(ROOT / "scripts/release-notes", "--check", f"v{version}", check=False)
    # A version that is not released yet has no section; a section that is there has to be found.
    expected = re.search(rf"^## \[?{re.escape(version)}\]?", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert done.returncode == (0 if expected else 65), done.stderr
    assert run(ROOT / "scripts/release-notes", "--check", "v0.0", check=False).returncode == 65
    assert run(ROOT / "scripts/release-notes", "v99.0.0", check=False).returncode == 65
