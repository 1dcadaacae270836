extension ConsoleAssets {
    /// Days by hours, or months by days: a table of buttons, so that screen readers and keys find their way.
    static let heatmap = #"""
        import { bytes, count, exact, h } from "./base.js";

        export const metrics = [
          ["records", "Events"], ["bytes", "Bytes"], ["objects", "Objects"], ["small_objects", "Small objects"],
        ];

        const limits = [0.02, 0.1, 0.25, 0.5, 0.75, 1];
        const pad = (hour) => String(hour).padStart(2, "0");

        function level(value, most) {
          if (!value) return 0;
          return 1 + limits.findIndex((limit) => value <= most * limit || limit === 1);
        }

        // The days from the newest to the oldest, as texts.
        function allDays(from, to) {
          const days = [];
          for (let time = Date.parse(to); time >= Date.parse(from) && days.length < 400; time -= 86400000) {
            days.push(new Date(time).toISOString().slice(0, 10));
          }
          return days;
        }

        // A row for each day, a column for each hour.
        function byHour(days) {
          const columns = [...Array(24).keys()].map(pad);
          return {
            unit: "hour", whole: "day", columns,
            rows: days.map((day) => ({
              name: day, short: day.slice(5), keys: columns.map((hour) => `${day}/${hour}`),
            })),
          };
        }

        // A row for each month, a column for each day: a row of its own for each day would be a list. Days outside of
        // what was asked for have no key.
        function byDay(days) {
          const columns = [...Array(31).keys()].map((day) => pad(day + 1));
          const asked = new Set(days);
          return {
            unit: "day", whole: "month", columns,
            rows: [...new Set(days.map((day) => day.slice(0, 7)))].map((month) => ({
              name: month, short: month.slice(2),
              keys: columns.map((day) => asked.has(`${month}-${day}`) ? `${month}-${day}` : null),
            })),
          };
        }

        // As partitions are written: 2026-11-21/05, or 2026-11-21.
        export const keyOf = (one) => one.hour === undefined ? one.date : `${one.date}/${pad(one.hour)}`;
        const spoken = (key) => key.includes("/") ? `${key.replace("/", " ")}:00` : key;

        // page: the API's hours; marksOpen: whether hours are ever declared complete here.
        export function heatmap(page, metric, marksOpen, chosen, choose) {
          const text = metric === "bytes" ? bytes : count;
          const known = new Map(page.hours.map((hour) => [keyOf(hour), hour]));
          const most = Math.max(1, ...page.hours.map((hour) => hour[metric]));
          const days = allDays(page.from, page.to);
          const { unit, whole, columns, rows } = page.granularity === "day" ? byDay(days) : byHour(days);

          const cell = (key) => {
            const found = key && known.get(key);
            if (!found) return h("td", {}, key ? h("span", { class: "cell" }) : null);
            const open = marksOpen && !found.is_complete;
            const says = `${spoken(key)}: ${exact(found.records)} events, ` +
              `${bytes(found.bytes)}, ${exact(found.objects)} objects, ${exact(found.small_objects)} of them small` +
              (open ? "; not complete yet" : "");
            return h("td", {}, h("button", {
              class: open ? "cell open" : "cell", type: "button", "data-heat": level(found[metric], most),
              "data-key": key, title: says, "aria-label": says, tabindex: -1,
              "aria-pressed": key === chosen ? "true" : "false", onclick: () => choose(key),
            }));
          };

          const narrow = matchMedia("(max-width: 760px)").matches;
          const head = h("thead", {}, h("tr", {},
            h("td", { class: "days" }),
            columns.map((column, index) => h("th", { scope: "col" }, narrow && index % 3 ? "" : column))));
          const body = h("tbody", {}, rows.map((row) => h("tr", {},
            h("th", { scope: "row" }, narrow ? row.short : row.name), row.keys.map(cell))));
          const table = h("table", { class: "heat" },
            h("caption", { class: "vh" },
              `One row for each ${whole}; arrow keys move, Enter shows the objects of the ${unit}`),
            h("colgroup", {}, h("col", { class: "days" }), columns.map(() => h("col"))), head, body);
          keys(table, chosen);

          const steps = [1, 2, 3, 4, 5, 6].map((step) =>
            h("span", {
              class: "cell", "data-heat": step, title: `up to ${text(Math.ceil(most * limits[step - 1]))}`,
            }));
          return [table, h("p", { class: "legend" },
            h("span", { class: "steps" }, "0 ", h("span", { class: "cell" }), steps, ` ${text(most)}`),
            marksOpen ? h("span", { class: "steps" },
              h("span", { class: "cell open", "data-heat": 2 }), " not complete yet") : null,
            h("span", {}, `Choose ${unit === "day" ? "a day" : "an hour"} to see its objects.`))];
        }

        // One stop for Tab; arrows go on from there, over gaps too.
        function keys(table, chosen) {
          const buttons = () => [...table.querySelectorAll("button.cell")];
          const all = buttons();
          const first = all.find((button) => button.dataset.key === chosen) || all[0];
          if (first) first.tabIndex = 0;
          table.addEventListener("keydown", (event) => {
            const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
            const move = moves[event.key];
            const from = event.target.closest?.("td");
            if (!move || !from) return;
            event.preventDefault();
            const rows = [...table.tBodies[0].rows];
            let column = from.cellIndex;
            let row = rows.indexOf(from.parentElement);
            for (;;) {
              column += move[0];
              row += move[1];
              if (column < 1 && row > 0) [column, row] = [rows[0].cells.length - 1, row - 1];
              if (column >= rows[0].cells.length && row < rows.length - 1) [column, row] = [1, row + 1];
              const button = rows[row]?.cells[column]?.querySelector("button");
              if (!rows[row]?.cells[column]) return;
              if (!button) continue;
              for (const other of buttons()) other.tabIndex = -1;
              button.tabIndex = 0;
              button.focus();
              return;
            }
          });
        }

        """#
}
