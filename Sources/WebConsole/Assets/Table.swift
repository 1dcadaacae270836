extension ConsoleAssets {
    /// One table: what is asked for it, and its growth and hours. The other panels are in panels.js.
    static let table = #"""
        import {
          ago, ask, badge, bytes, choices, count, exact, grid, h, of, panel, show, tile, time,
        } from "./base.js";
        import { dayBars } from "./charts.js";
        import { heatmap, metrics } from "./heatmap.js";
        import { commitPanel, debtPanel, letterPanel, sourcePanel } from "./panels.js";

        const sides = [["main", "Main"], ["late", "Late"], ["dead_letter", "Dead letters"]];
        // Days that the heat map can show, by what the table is partitioned by.
        const spans = {
          hour: [[7, "7 d"], [14, "14 d"], [31, "31 d"], [92, "92 d"]],
          day: [[31, "31 d"], [92, "92 d"], [183, "183 d"], [366, "366 d"]],
        };
        const names = ["head", "tiles", "growth", "heat", "commits", "debt", "letters", "sources"];

        export function tableView(name) {
          // days: what was chosen; until then the server's choice.
          const state = { growth: "records", heat: "records", side: "main", days: null, hour: null, objects: null };
          const log = { commits: [], next: null, isLonger: false, isWhole: false };
          const parts = Object.fromEntries(names.map((part) => [part, h("div")]));
          const node = h("div", { class: "stack" }, parts.head, parts.tiles, parts.growth, parts.heat, parts.commits,
            h("div", { class: "pair" }, parts.debt, parts.letters), parts.sources);
          const path = of(name);
          let now;

          // Changes what is chosen and draws again; a failure is said where the view begins.
          async function set(changes) {
            Object.assign(state, changes);
            await refresh().catch(say);
          }

          const say = (problem) => show(parts.tiles, problem.message, () =>
            h("p", { class: "alert", role: "alert" }, problem.message));

          const objects = (hour, after) => ask(`${path}/objects`, { hour, side: state.side, limit: 25, after });

          async function openHour(hour) {
            if (hour === state.hour) return set({ hour: null, objects: null });
            return set({ hour, objects: await objects(hour).catch(say) });
          }

          async function refresh() {
            const [lake, table, days, hours, commits, debt, letters, sources] = await Promise.all([
              ask("lake"), ask(path), ask(`${path}/days`, { days: 30 }),
              ask(`${path}/hours`, { days: state.days, side: state.side }), ask(`${path}/commits`, { limit: 60 }),
              ask(`${path}/debt`), ask(`${path}/dead-letters`), ask(`${path}/sources`, { limit: 200 }),
            ]);
            now = lake.now;
            show(parts.head, table, () => head(table));
            show(parts.tiles, [table, now], () => tiles(table));
            show(parts.growth, [days, state.growth], () => growth(days));
            show(parts.heat, [hours, state], () => heat(table, hours));
            if (!log.isLonger) [log.commits, log.next] = [commits.commits, commits.next ?? null];
            drawCommits();
            show(parts.debt, [debt, unit(table)], () => debtPanel(debt, unit(table)));
            show(parts.letters, [letters, unit(table)], () => letterPanel(name, letters, now, unit(table)));
            show(parts.sources, sources, () => sourcePanel(sources, now));
            return { lake, soon: !hours.is_whole || !days.is_whole || debt.manifests_known < debt.manifests };
          }

          function drawCommits() {
            show(parts.commits, log, () => commitPanel(log, now, {
              whole() {
                log.isWhole = true;
                drawCommits();
              },
              async older() {
                const page = await ask(`${path}/commits`, { limit: 60, before: log.next });
                log.commits = [...log.commits, ...page.commits].slice(0, 600);
                [log.next, log.isLonger] = [log.commits.length < 600 ? page.next ?? null : null, true];
                drawCommits();
              },
            }));
          }

          function head(table) {
            const layout = table.layout;
            const by = layout?.time === "kafka" ? "Kafka’s timestamp" : layout?.time;
            const shards = layout?.shards === 1 ? "one shard" : `${layout?.shards} shards by ${layout?.shard_by}`;
            return h("div", {}, h("p", { class: "crumb" }, h("a", { href: "#/" }, "All tables")),
              h("div", { class: "verdict" }, h("h1", {}, name), badge(table.health.level)),
              h("ul", { class: "reasons" }, table.health.reasons.map((reason) =>
                h("li", {}, h("span", { class: "bullet", "data-level": reason.level, "aria-hidden": "true" }),
                  reason.text))),
              h("p", { class: "note" }, layout
                ? `One folder for each ${layout.granularity} of ${by} in ${layout.zone}, ${shards}`
                : "No layout is recorded."));
          }

          function tiles(table) {
            const ratio = table.main.bytes ? table.main.uncompressed_bytes / table.main.bytes : 0;
            return h("dl", { class: "tiles" },
              tile("Newest event", table.newest_event ? ago(table.newest_event, now) : "–",
                table.watermark ? ["all topic partitions reach ", time(table.watermark, now)] : "no watermark yet"),
              tile("Complete through", table.complete_through || "–", table.complete_through
                ? "nothing but late events can come before" : `no ${unit(table)} was declared complete`),
              tile("Events", count(table.main.records), table.late.records
                ? `and ${count(table.late.records)} late ones apart` : "all in the main table"),
              tile("Stored", bytes(table.main.bytes),
                `${count(table.main.objects)} objects${ratio ? `, ${ratio.toFixed(1)} : 1` : ""}`),
              tile("Last commit", table.committed_at ? ago(table.committed_at, now) : "–",
                `version ${exact(table.version)}`));
          }

          function growth(days) {
            const kinds = [["records", "Events"], ["bytes", "Bytes"]];
            return panel("Growth", choices("Growth by", kinds, state.growth, (growth) => set({ growth })),
              days.days.length ? dayBars(days.days, state.growth) : h("p", { class: "hint" }, "No events yet."),
              days.is_whole ? null : h("p", { class: "note" }, "Earlier days are still being read."));
          }

          // What one folder holds: "hour" or "day".
          const unit = (table) => table.layout?.granularity === "day" ? "day" : "hour";

          function heat(table, hours) {
            const isByDay = hours.granularity === "day";
            const shown = (Date.parse(hours.to) - Date.parse(hours.from)) / 86400000 + 1;
            const tools = [
              choices("Show", metrics, state.heat, (heat) => set({ heat })),
              choices("Side", sides, state.side, (side) => set({ side, hour: null, objects: null })),
              choices("Days", spans[isByDay ? "day" : "hour"], shown, (days) => set({ days })),
            ];
            const marksOpen = Boolean(table.complete_through) && state.side === "main";
            return panel(isByDay ? "Days" : "Hours", tools, heatmap(hours, state.heat, marksOpen, state.hour, openHour),
              hours.is_whole ? null : h("p", { class: "note" },
                `Earlier ${isByDay ? "days" : "hours"} are still being read.`),
              state.hour && state.objects ? hourPanel(state.objects) : null);
          }

          function hourPanel(page) {
            const columns = [
              ["Object", (object) => h("code", {}, object.path.split("/").pop()), "wide"],
              ["Shard", (object) => object.shard, "num"], ["Events", (object) => exact(object.records), "num"],
              ["Size", (object) => bytes(object.bytes), "num"],
              ["Event times", (object) => object.first_event
                ? `${object.first_event.slice(11, 19)} – ${object.last_event.slice(11, 19)}` : "–"],
              ["Uploaded", (object) => time(object.uploaded_at, now)],
              ["Labels", (object) => object.tags.join(", ") || "–"],
            ];
            const more = async () => {
              const added = await objects(state.hour, page.next);
              return set({ objects: { ...added, objects: [...page.objects, ...added.objects] } });
            };
            const close = () => set({ hour: null, objects: null });
            return h("div", { class: "hour", role: "region", "aria-label": `Objects of ${state.hour}` },
              h("header", {}, h("h3", {}, `Objects of ${state.hour}`),
                h("button", { class: "quiet", type: "button", onclick: close }, "Close")),
              grid(columns, page.objects, "No objects: they went with a newer commit."),
              page.next ? h("button", { class: "quiet more", type: "button", onclick: more }, "More objects") : null);
          }

          return { node, title: name, refresh };
        }

        """#
}
