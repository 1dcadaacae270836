extension ConsoleAssets {
    /// The lake: its health, its sums, its tables.
    static let overview = #"""
        import { ask, badge, bytes, count, h, show, span, tile } from "./base.js";
        import { meter, spark } from "./charts.js";

        export function overview() {
          const parts = {
            verdict: h("div"), problem: h("div"), tiles: h("div"), writer: h("div"), list: h("div"),
          };
          const filter = h("input", {
            class: "search", type: "search", placeholder: "Find a table   /", "aria-label": "Find a table",
            oninput: () => draw(),
          });
          const list = h("section", { class: "panel", "aria-label": "Tables", hidden: true },
            h("header", {}, h("h2", {}, "Tables"), filter), parts.list);
          const node = h("div", { class: "stack" }, parts.verdict, parts.problem, parts.tiles, parts.writer, list);
          let lake;
          let tables = [];

          function draw() {
            const words = filter.value.trim().toLowerCase();
            const found = tables.filter((table) => !words || table.name.toLowerCase().includes(words) ||
              table.topics.some((topic) => topic.toLowerCase().includes(words)));
            show(parts.verdict, [lake.levels, lake.is_loading], () => verdict(lake));
            show(parts.problem, lake.problem, () => lake.problem
              ? h("p", { class: "alert", role: "alert" }, lake.problem) : null);
            list.hidden = !tables.length;
            if (!tables.length && !lake.is_loading && !lake.problem) {
              show(parts.tiles, "empty", () => empty(lake));
              return;
            }
            show(parts.tiles, [lake, tables.length], () => sums(lake, tables));
            show(parts.writer, lake.writer || null, () => lake.writer ? writer(lake.writer) : null);
            show(parts.list, found, () => found.length
              ? rows(found, lake) : h("p", { class: "hint" }, "No table has that in its name or topics."));
          }

          return {
            node, title: "All tables",
            find: () => filter.focus(),
            async refresh() {
              const pages = [];
              let after;
              [lake, pages[0]] = await Promise.all([ask("lake"), ask("tables", { limit: 200 })]);
              while ((after = pages[pages.length - 1].next) && pages.length < 5) {
                pages.push(await ask("tables", { limit: 200, after }));
              }
              tables = pages.flatMap((page) => page.tables);
              draw();
              return { lake, soon: lake.is_loading || tables.some((one) => one.manifests_known < one.manifests) };
            },
          };
        }

        function verdict(lake) {
          const { ok = 0, attention = 0, trouble = 0 } = lake.levels;
          const all = ok + attention + trouble;
          const level = trouble ? "trouble" : attention ? "attention" : "ok";
          let text = all === 1 ? "The table is well" : `All ${all} tables are well`;
          if (attention) text = `${attention} of ${all} tables ${attention === 1 ? "needs" : "need"} a look`;
          if (trouble) text = `${trouble} of ${all} tables ${trouble === 1 ? "is" : "are"} in trouble`;
          if (!all) text = lake.is_loading ? "Reading the lake…" : "A new lake";
          return h("div", { class: "verdict", "data-level": level }, h("h1", {}, h("span", { class: "dot" }), text));
        }

        function sums(lake, tables) {
          const ages = tables.filter((table) => table.freshness_seconds !== undefined)
            .sort((a, b) => b.freshness_seconds - a.freshness_seconds);
          const owed = tables.reduce((sum, table) => sum + table.debt.objects, 0);
          const known = tables.every((table) => table.manifests_known === table.manifests);
          return h("dl", { class: "tiles" },
            tile("Events", count(lake.records),
              lake.late_records ? `and ${count(lake.late_records)} late ones apart` : "in the main tables"),
            tile("Stored", bytes(lake.bytes), `${count(lake.objects)} objects`),
            tile("Least fresh", ages.length ? span(ages[0].freshness_seconds) : "–",
              ages.length ? ages[0].name : "no events yet"),
            tile("Small objects", count(owed), known ? "beyond one a shard and hour" : "still counting",
              owed >= 500 ? "sand" : null),
            tile("Dead letters", count(lake.dead_letters), "events put aside", lake.dead_letters ? "sand" : null));
        }

        function writer(state) {
          const part = state.memory_bytes_max ? state.memory_bytes_used / state.memory_bytes_max : 0;
          const lag = state.tables.reduce((sum, table) => sum + table.lag_events, 0);
          const waiting = state.tables.reduce((sum, table) => sum + table.waiting_objects, 0);
          const open = state.tables.reduce((sum, table) => sum + table.open_objects, 0);
          const level = state.store_trouble ? "trouble" : state.is_paused ? "attention" : "ok";
          const says = state.store_trouble ? `the store refuses: ${state.store_trouble}`
            : state.is_stopping ? "stopping" : state.is_paused ? "paused: the memory budget is full"
            : state.is_assigned ? "reading and writing" : "waiting for its topic partitions";
          return h("section", { class: "panel", "aria-label": "This writer" },
            h("header", {}, h("h2", {}, "This writer"), badge(level)),
            h("dl", { class: "facts" },
              h("div", {}, h("dt", {}, "State"), h("dd", {}, says)),
              h("div", {}, h("dt", {}, "Waiting at the brokers"), h("dd", {}, `${count(lag)} events`)),
              h("div", {}, h("dt", {}, "Objects being filled"), h("dd", {}, count(open))),
              h("div", {}, h("dt", {}, "Sealed, not committed"), h("dd", {}, count(waiting))),
              h("div", {}, h("dt", {}, "Memory"),
                h("dd", {}, `${bytes(state.memory_bytes_used)} of ${bytes(state.memory_bytes_max)}`))),
            meter(part, "Memory in use", part > 0.9 ? "sand" : null));
        }

        function rows(tables, lake) {
          const row = (table) => h("tr", {},
            h("td", { class: "name" },
              h("a", { href: `#/table/${encodeURIComponent(table.name)}`, "data-key": table.name }, table.name),
              h("p", { class: "hint" }, topics(table))),
            h("td", { class: "state" }, badge(table.health.level),
              table.health.reasons.length ? h("p", { class: "why" }, table.health.reasons[0].text) : null),
            h("td", { class: "trend" },
              spark(table.days, `Events on each of the last ${table.days.length} days`)),
            h("td", { class: "num", "data-label": "Newest event" },
              table.freshness_seconds === undefined ? "–" : `${span(table.freshness_seconds)} ago`),
            h("td", { class: "num", "data-label": "Events" }, count(table.main.records)),
            h("td", { class: "num", "data-label": "Stored" }, bytes(table.main.bytes),
              h("span", { class: "sub" }, `${count(table.main.objects)} objects`)),
            h("td", { class: "num", "data-label": "Small objects" }, count(table.debt.objects)),
            h("td", { class: "num", "data-label": "Dead letters" }, count(table.dead_letter.records)));
          const heads = [
            ["Table"], ["Health"], ["Last 14 days"], ["Newest event", "num"], ["Events", "num"], ["Stored", "num"],
            ["Small objects", "num"], ["Dead letters", "num"],
          ];
          return [h("table", { class: "tables" },
            h("thead", {}, h("tr", {},
              heads.map(([title, kind]) => h("th", { class: kind, scope: "col" }, title)))),
            h("tbody", {}, tables.map(row))),
          lake.tables_left_out
            ? h("p", { class: "note" }, `${lake.tables_left_out} more tables are not shown.`) : null];
        }

        function topics(table) {
          if (!table.topic_count) return "no topic yet";
          if (table.topic_count === 1 && table.topics[0] === table.name) {
            return `${count(table.topic_partitions)} topic partition${table.topic_partitions === 1 ? "" : "s"}`;
          }
          const more = table.topic_count - Math.min(2, table.topic_count);
          return `from ${table.topics.slice(0, 2).join(", ")}${more ? ` and ${more} more` : ""}`;
        }

        function empty(lake) {
          return h("section", { class: "panel empty" },
            h("img", { src: "assets/mark.svg", width: 56, height: 56, alt: "" }),
            h("h2", {}, "No table has been laid down yet"),
            h("p", { class: "hint" }, "The first commit of a writer makes its table appear here."),
            h("pre", {}, `varve run --lake ${lake.lake} --brokers 127.0.0.1:9092 --topic orders`));
        }

        """#
}
