extension ConsoleAssets {
    /// Days by hours: a table of buttons, so that screen readers and keys find their way.
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

        function allDays(from, to) {
          const days = [];
          for (let time = Date.parse(to); time >= Date.parse(from) && days.length < 100; time -= 86400000) {
            days.push(new Date(time).toISOString().slice(0, 10));
          }
          return days;
        }

        // page: the API's hours; marksOpen: whether hours are ever declared complete here.
        export function heatmap(page, metric, marksOpen, chosen, choose) {
          const text = metric === "bytes" ? bytes : count;
          const byHour = new Map(page.hours.map((hour) => [`${hour.date}/${hour.hour ?? ""}`, hour]));
          const most = Math.max(1, ...page.hours.map((hour) => hour[metric]));
          const days = allDays(page.from, page.to);
          const columns = page.granularity === "day" ? [""] : [...Array(24).keys()];
          const order = [];

          const cell = (date, hour) => {
            const found = byHour.get(`${date}/${hour}`);
            if (!found) return h("td", {}, h("span", { class: "cell" }));
            const key = hour === "" ? date : `${date}/${pad(hour)}`;
            order.push(key);
            const open = marksOpen && !found.is_complete;
            const says = `${date}${hour === "" ? "" : ` ${pad(hour)}:00`}: ${exact(found.records)} events, ` +
              `${bytes(found.bytes)}, ${exact(found.objects)} objects, ${exact(found.small_objects)} of them small` +
              (open ? "; not complete yet" : "");
            return h("td", {}, h("button", {
              class: open ? "cell open" : "cell", type: "button", "data-heat": level(found[metric], most),
              "data-key": key, title: says, "aria-label": says, tabindex: -1,
              "aria-pressed": key === chosen ? "true" : "false", onclick: () => choose(key),
            }));
          };

          const narrow = matchMedia("(max-width: 760px)").matches;
          const head = page.granularity === "day" ? null : h("thead", {}, h("tr", {},
            h("td", { class: "days" }),
            columns.map((hour) => h("th", { scope: "col" }, narrow && hour % 3 ? "" : pad(hour)))));
          const body = h("tbody", {}, days.map((date) => h("tr", {},
            h("th", { scope: "row" }, narrow ? date.slice(5) : date), columns.map((hour) => cell(date, hour)))));
          const table = h("table", { class: page.granularity === "day" ? "heat days-only" : "heat" },
            h("caption", { class: "vh" }, "Hours of each day; arrow keys move, Enter shows the objects of an hour"),
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
            h("span", {}, "Choose an hour to see its objects."))];
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
