extension ConsoleAssets {
    /// The panels of a table: commits, small-file debt, dead letters, topic partitions.
    static let panels = #"""
        import { bytes, count, exact, grid, h, panel, span, time } from "./base.js";
        import { timeline } from "./charts.js";
        import { keyOf } from "./heatmap.js";

        const shortList = 12;

        const swatch = (kind) => h("span", { class: `swatch ${kind}` });

        function change(commit) {
          const parts = [];
          if (commit.added.objects) parts.push(`+${exact(commit.added.objects)}`);
          if (commit.removed.objects) parts.push(`−${exact(commit.removed.objects)}`);
          return parts.join(" ") || "–";
        }

        function offsets(commit) {
          if (!commit.offset_count) return "–";
          const text = commit.offset_count === 1 ? commit.offsets[0] : `${commit.offset_count} topic partitions`;
          return h("span", { title: commit.offsets.join("\n") }, text);
        }

        // log: commits, next, isWhole; act: whole() shows all that are here, older() fetches more.
        export function commitPanel(log, now, act) {
          const { commits, next } = log;
          const columns = [
            ["Version", (commit) => h("span", {
              id: `commit-${commit.version}`, title: `commit ${commit.id}`,
            }, exact(commit.version)), "num"],
            ["When", (commit) => time(commit.at, now)],
            ["Kind", (commit) => [swatch(commit.kind), commit.kind]],
            ["Events", (commit) => exact(commit.added.records), "num"], ["Objects", change, "num"],
            ["Size", (commit) => bytes(commit.added.bytes), "num"], ["Offsets", offsets],
            ["Writer", (commit) => h("span", { title: `${commit.host}, ${commit.program}` }, commit.writer)],
          ];
          const pick = (commit) => {
            act.whole();
            document.getElementById(`commit-${commit.version}`)?.scrollIntoView({ block: "center" });
          };
          const listed = log.isWhole ? commits : commits.slice(0, shortList);
          const button = (text, onclick) =>
            h("button", { class: "quiet more", type: "button", "data-key": "commits:more", onclick }, text);
          return panel("Commits", h("span", { class: "hint" }, `the last ${exact(commits.length)}`),
            commits.length ? timeline(commits, pick) : null,
            grid(columns, listed, "The log holds no commits any more: they are in the checkpoint."),
            listed.length < commits.length ? button(`Show all ${commits.length}`, act.whole)
              : next ? button("Older commits", act.older) : null);
        }

        const heading = (unit) => unit[0].toUpperCase() + unit.slice(1);

        // unit: what one folder of the table holds, "hour" or "day".
        export function debtPanel(debt, unit) {
          const share = debt.manifests ? debt.manifests_known / debt.manifests : 1;
          const columns = [
            [heading(unit), (hour) => hour.hour], ["Small", (hour) => exact(hour.small_objects), "num"],
            ["Of", (hour) => exact(hour.objects), "num"], ["Size", (hour) => bytes(hour.small_bytes), "num"],
          ];
          const says = debt.objects
            ? ` small objects of ${bytes(debt.bytes)} could be merged: under ${bytes(debt.small_bytes_max)}, and ` +
              `more of them than shards in their ${unit}.`
            : ` small objects to merge: no ${unit} has more of them than shards.`;
          return panel("Small-file debt",
            share < 1 ? h("span", { class: "hint" }, `${Math.floor(share * 100)} % counted`) : null,
            h("p", {}, h("strong", {}, count(debt.objects)), says),
            debt.hours.length ? h("p", { class: "note" }, h("code", {}, "varve compact"),
              ` merges them. The ${unit}s with the most:`) : null,
            debt.hours.length ? grid(columns, debt.hours.slice(0, 8), "") : null);
        }

        export function letterPanel(name, letters, now, unit) {
          const reasons = Object.entries(letters.reasons || {}).sort((a, b) => b[1] - a[1])
            .map(([reason, number]) => `${reason} ${exact(number)}`);
          const columns = [
            [heading(unit), keyOf], ["Events", (one) => exact(one.records), "num"],
            ["Newest", (one) => time(one.newest_upload, now)],
          ];
          const total = letters.total.records;
          return panel("Dead letters", null,
            h("p", {}, h("strong", {}, exact(total)), total
              ? ` events could not be placed. They wait in ${name}.dead_letter, whole and with their reason.`
              : " events were put aside: everything found its place."),
            reasons.length ? h("p", { class: "note" }, `Since this writer started: ${reasons.join(", ")}`) : null,
            letters.hours.length ? grid(columns, letters.hours.slice(0, 8), "") : null,
            total ? h("p", { class: "note" }, h("code", {}, `varve cat --limit 10 ${name}.dead_letter`), " shows them.")
              : null);
        }

        export function sourcePanel(sources, now) {
          const hasLag = sources.sources.some((source) => source.lag_events !== undefined);
          const columns = [
            ["Topic", (source) => source.topic, "wide"], ["Partition", (source) => source.partition, "num"],
            ["Next offset", (source) => exact(source.next), "num"],
            ["Events seen up to", (source) => time(source.watermark, now)],
          ];
          if (hasLag) {
            const waiting = (source) => source.lag_events === undefined ? "–" : exact(source.lag_events);
            columns.push(["Waiting", waiting, "num"], ["Lag", (source) => span(source.lag_seconds), "num"]);
          }
          return panel("Topic partitions", null, grid(columns, sources.sources, "None yet."),
            sources.next ? h("p", { class: "note" },
              "Only the first 200 are shown; the API pages through the rest.") : null);
        }

        """#
}
