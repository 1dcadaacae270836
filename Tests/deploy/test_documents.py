"""Commands in documents are commands: those of runbooks are run, all others are compared with --help."""
import json
import os
import re
import shlex
import time

import pytest
import yaml

from conftest import ROOT, run, tool, varve

RUNBOOKS = sorted((ROOT / "docs/runbooks").glob("*.md"))
DOCUMENTS = [
    path for path in [ROOT / "README.md", ROOT / "minio/README.md", *sorted((ROOT / "docs").glob("*.md")), *RUNBOOKS]
    # Made from --help itself, and the grammar of settings.
    if path.name not in ("cli.md", "configuration.md")
]


def commands(path):
    """What stands in code: whole lines of blocks, and inline code; line breaks inside inline code are blanks."""
    text = path.read_text()
    found = []
    for block in re.findall(r"^ *```[a-z]*\n(.*?)^ *```", text, re.M | re.S):
        found += block.replace("\\\n", " ").splitlines()
    rest = re.sub(r"^ *```[a-z]*\n.*?^ *```", "", text, flags=re.M | re.S)
    found += [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", rest)]
    for line in found:
        line = re.sub(r"^\$ ", "", line.strip())
        if re.match(r"varve [a-z]", line) and "…" not in line:
            yield line


def words(line):
    line = re.split(r" # |\s#|\s[|>]\s", line)[0] if "select" not in line else line
    return shlex.split(line)[1:]


def subcommand(arguments):
    """The verb, two words where it has parts."""
    groups = {"config", "manifest", "lifecycle", "dlq"}
    return arguments[:2] if arguments[0] in groups and len(arguments) > 1 else arguments[:1]


@pytest.fixture(scope="module")
def help_texts():
    texts = {}

    def text(verb):
        if verb not in texts:
            done = run(varve(), *verb, "--help", check=False)
            texts[verb] = done.stdout if done.returncode == 0 else ""
        return texts[verb]

    return text


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_commands_are_what_help_says(path, help_texts):
    for line in commands(path):
        arguments = words(line)
        verb = tuple(part for part in subcommand(arguments) if re.fullmatch(r"[a-z]+", part))
        text = help_texts(verb)
        assert text, f"{path.name}: {line}: there is no varve {' '.join(verb)}"
        for argument in arguments:
            if argument.startswith("--"):
                option = argument.split("=")[0]
                assert re.search(rf"(^|[\s\[(,]){re.escape(option)}\b", text), f"{path.name}: {line}: no {option}"


def test_every_runbook_belongs_to_an_alert_that_it_names():
    rules = yaml.safe_load((ROOT / "deploy/observability/rules/varve-alerts.yaml").read_text())
    named = {}
    for group in rules["groups"]:
        for rule in group["rules"]:
            named.setdefault(rule["annotations"]["runbook_url"].rsplit("/", 1)[1], []).append(rule["alert"])
    for name, alerts in named.items():
        text = (ROOT / "docs/runbooks" / name).read_text()
        for alert in alerts:
            assert f"`{alert}`" in text, f"{name} does not name {alert}"


def test_resources_of_the_chart_have_the_names_that_runbooks_use():
    # A table with rules, as the job of lifecycle comes with them.
    tables = [{"name": "orders", "topics": ["orders"],
               "lifecycle": {"rules": [{"name": "a-year", "do": "expire", "after": "365d"}]}}]
    rendered = run(tool("helm"), "template", "lake", ROOT / "deploy/helm/varve",
                   "--set-json", f"config.tables={json.dumps(tables)}").stdout
    names = {document["metadata"]["name"] for document in yaml.safe_load_all(rendered) if document}
    for path in [*RUNBOOKS, ROOT / "docs/operations.md"]:
        for name in re.findall(r"\blake-varve[a-z-]*[a-z]", path.read_text()):
            assert name in names, f"{path.name}: {name}"


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """A lake with a table `orders`, dead letters, and a configuration beside it."""
    brokers = os.environ.get("VARVE_TEST_MEMKAFKA")
    if not brokers:
        pytest.skip("no broker is running: run 'make test'")
    directory = tmp_path_factory.mktemp("runbooks")
    topic = f"orders-{os.getpid()}"
    (directory / "varve.yaml").write_text(yaml.safe_dump({
        "lake": f"file://{directory}/lake",
        "kafka": {"brokers": brokers, "group": topic},
        "server": {"listen": "off"},
        "tables": [{
            "name": "orders", "topics": [topic], "late": {"after": "1s", "policy": "dead_letter"},
            "lifecycle": {"rules": [{"name": "a-year", "do": "expire", "after": "365d"}]}}],
    }))
    for ago, more in ((1800, ["--partitions", "4"]), (1900, [])):  # the second time all of them are late
        run(tool("python"), ROOT / "Tests/python/produce.py", "--brokers", brokers, "--topic", topic, "--events", "400",
            "--start", int((time.time() - ago) * 1000), "--step", "1", "--ledger", directory / "ledger", *more)
    run(varve(), "run", "--config", directory / "varve.yaml", "--once", cwd=directory)
    return directory, topic


def needs_more(arguments, directory):
    """Whether it has a placeholder, or a file that this lake does not come with."""
    files = [part for part in arguments if re.search(r"\.(yaml|json|ndjson|txt)$", part)]
    return any(re.search(r"\b[A-Z]{3,}\b|://", part) for part in arguments) or any(
        not (directory / part).exists() for part in files)


# RunbookTests runs what stands in these: they need transactions and a second lake.
RUN_ELSEWHERE = {"dead-letters", "disaster-recovery"}


@pytest.mark.parametrize(
    "path", [path for path in RUNBOOKS if path.stem not in RUN_ELSEWHERE], ids=lambda path: path.stem)
def test_commands_of_runbooks_run(path, lake):
    directory, topic = lake
    for line in commands(path):
        arguments = [topic if part == "orders" and before == "--topic" else part
                     for before, part in zip([""] + words(line), words(line))]
        if "--config" not in arguments or needs_more(arguments, directory):
            continue  # a mention, or a command with something in it that only its reader has
        if arguments[0] == "run":
            arguments.append("--once")
        if arguments[:2] == ["manifest", "diff"]:
            arguments = ["1" if part == "-1d" else part for part in arguments]  # this lake has no yesterday
        done = run(varve(), *arguments, cwd=directory, check=False, timeout=60)
        assert done.returncode == 0, f"{path.name}: {line}: exit {done.returncode}: {done.stderr}"
