"""Turns what was measured into the block of docs/performance.md."""
import json
import os
import platform
import re
import statistics
import subprocess

BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"


def machine() -> dict:
    with open("/proc/cpuinfo") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    return {
        "cpu": model.group(1) if model else platform.machine(), "cores": os.cpu_count(),
        "kernel": platform.release(), "kcat": first_line("kcat", "-V", pick=r"Version (\S+)"),
        "librdkafka": first_line("dpkg-query", "-W", "-f", "${Version}", "librdkafka1"),
        "zstd": first_line("zstd", "--version", pick=r"v([0-9.]+)"),
        "commit": first_line("git", "rev-parse", "--short", "HEAD"),
    }


def first_line(*command: str, pick: str = r"(.+)") -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError:
        return "unknown"
    found = re.search(pick, done.stdout + done.stderr)
    return found.group(1) if found else "unknown"


def render(facts: dict) -> str:
    m = facts["machine"]
    lines = [
        f"Commit {m['commit']} on {m['cpu']}, {m['cores']} cores, Linux {m['kernel']}; kcat {m['kcat']}, "
        f"librdkafka {m['librdkafka']}, zstd {m['zstd']}.",
        f"{facts['events']:,} events, {gb(facts['payload_bytes'])} of payload in 8 topic partitions; "
        f"{facts['rounds']} rounds; load average {facts['load_before']:.1f} before, {facts['load_after']:.1f} after.",
        "",
        "| | CPU s per GB | against the pipe | MB/s | peak RSS | stored |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    pipe = cpu_per_gb(facts, "pipe")
    for name in facts["results"]:
        rows = facts["results"][name]
        per_gb = cpu_per_gb(facts, name)
        ratios = [row["cpu"] / other["cpu"] for row, other in zip(rows, facts["results"]["pipe"])]
        speed = facts["payload_bytes"] / 1e6 / statistics.median(row["wall"] for row in rows)
        spread = f" ({min(ratios):.2f}–{max(ratios):.2f})" if name != "pipe" else ""
        lines.append(
            f"| {name} | {per_gb:.2f} | {per_gb / pipe:.2f}{spread} | {speed:.0f} | "
            f"{mib(max(row['peak_rss'] for row in rows))} | {gb(rows[-1]['stored'])} |")
    lines += ["", *details(facts)]
    return "\n".join(lines)


def details(facts: dict) -> list[str]:
    lines = ["| measured alone | |", "| --- | --- |"]
    if it := facts.get("thousand_objects"):
        lines.append(f"| peak RSS with 256 shards × 4 hours open at once, budget {mib(it['budget'])}; "
                     f"{it['objects']:,} objects written | {mib(it['peak_rss'])} |")
    if it := facts.get("requests_per_object"):
        ratio = it["requests"] / max(1, it["objects"])
        lines.append(f"| store requests per data object, catalog included | {ratio:.2f} ({it['requests']:,} for "
                     f"{it['objects']:,}; a start costs {it['at_start']} more) |")
    if it := facts.get("start_up"):
        lines.append(f"| start to first answer of a poll, local lake | {it['seconds'] * 1000:.0f} ms |")
        lines.append(f"| RSS when idle | {mib(it['idle_rss'])} |")
    if it := facts.get("binary"):
        lines.append(f"| release binary, stripped | {mib(it['stripped_bytes'])} ({mib(it['bytes'])} before) |")
    if it := facts.get("growth"):
        lines.append(f"| peak RSS over {gb(it['payload_bytes'])}: first half, second half | "
                     f"{mib(it['peak_first_half'])}, {mib(it['peak_second_half'])} |")
    return lines


def cpu_per_gb(facts: dict, name: str) -> float:
    return statistics.median(row["cpu"] for row in facts["results"][name]) / (facts["payload_bytes"] / 1e9)


def gb(count: int) -> str:
    return f"{count / 1e9:.2f} GB"


def mib(count: int) -> str:
    return f"{count / (1 << 20):.0f} MiB"


def write(facts: dict, root: str) -> None:
    with open(os.path.join(root, ".build", "bench.json"), "w") as file:
        json.dump(facts, file, indent=1)
    replace(root, BEGIN, END, f"{BEGIN}\n{render(facts)}\n{END}", "Ingest")


def replace(root: str, begin: str, end: str, block: str, title: str) -> None:
    """Puts a block between its marks in docs/performance.md, or behind everything where it has none yet."""
    path = os.path.join(root, "docs", "performance.md")
    with open(path) as file:
        text = file.read()
    if begin in text:
        text = text[:text.index(begin)] + block + text[text.index(end) + len(end):]
    else:
        text = f"{text.rstrip()}\n\n## {title}\n\n{block}\n"
    with open(path, "w") as file:
        file.write(text)
