extension ConsoleAssets {
    /// Drawings: bars of a few days, a bar chart, the timeline of commits.
    static let charts = #"""
        import { bytes, count, exact, h, s } from "./base.js";

        // Calls `draw(width)` now and whenever the place gets another width.
        export function fitted(draw) {
          const place = h("div", { class: "chart" });
          let last = 0;
          new ResizeObserver((entries) => {
            const width = Math.floor(entries[0].contentRect.width);
            if (width < 20 || width === last) return;
            last = width;
            place.replaceChildren(draw(width));
          }).observe(place);
          return place;
        }

        export function spark(days, label) {
          const [width, height, slots] = [112, 26, 14];
          const most = Math.max(1, ...days.map((day) => day.records));
          const step = width / slots;
          const bars = days.slice(-slots).map((day, index, all) => {
            const x = (slots - all.length + index) * step;
            const tall = day.records ? Math.max(2, (day.records / most) * height) : 1;
            return s("rect", {
              class: day.records ? "" : "none", x: x.toFixed(1), y: (height - tall).toFixed(1),
              width: (step - 2).toFixed(1), height: tall.toFixed(1), rx: 1,
            });
          });
          return s("svg", { class: "spark", width, height, role: "img", "aria-label": label }, bars);
        }

        // A round number at or above `value`, for the axis.
        function ceiling(value, isBytes) {
          const base = isBytes ? 1024 : 1000;
          let unit = 1;
          while (value / unit >= base) unit *= base;
          for (const step of [1, 2, 5, 10, 20, 50, 100, 200, 500, base]) if (value / unit <= step) return step * unit;
          return value;
        }

        export function dayBars(days, metric) {
          const isBytes = metric === "bytes";
          const text = isBytes ? bytes : count;
          return fitted((width) => {
            const [height, left, bottom, top] = [170, 62, 20, 10];
            const top0 = ceiling(Math.max(1, ...days.map((day) => day[metric])), isBytes);
            const room = height - bottom - top;
            const step = Math.min(64, (width - left) / Math.max(1, days.length));
            const lines = [0, 0.5, 1].map((part) => {
              const y = height - bottom - part * room;
              return [
                s("line", { class: "axis", x1: left, x2: width, y1: y, y2: y }),
                s("text", { x: left - 8, y: y + 4, "text-anchor": "end" }, part ? text(top0 * part) : "0"),
              ];
            });
            const every = Math.max(1, Math.ceil(58 / step));
            const bars = days.map((day, index) => {
              const tall = (day[metric] / top0) * room;
              const x = left + index * step;
              const gap = Math.min(3, step * 0.25);
              const isNamed = (days.length - 1 - index) % every === 0 && x + step / 2 - 16 > left;
              const middle = Math.min(x + step / 2, width - 17);
              return [
                day[metric] ? s("rect", {
                  class: "bar", x: x + gap / 2, width: Math.max(1, step - gap), height: Math.max(1.5, tall),
                  y: height - bottom - Math.max(1.5, tall), rx: Math.min(2, step / 4),
                }) : null,
                isNamed ? s("text", { x: middle, y: height - 5, "text-anchor": "middle" }, day.date.slice(5)) : null,
                s("rect", { class: "hit", x, width: step, y: top, height: room },
                  s("title", {}, `${day.date}: ${exact(day.records)} events, ${bytes(day.bytes)}, ` +
                    `${exact(day.objects)} objects`)),
              ];
            });
            const total = days.reduce((sum, day) => sum + day[metric], 0);
            const label = days.length
              ? `${text(total)} ${isBytes ? "" : "events "}from ${days[0].date} to ${days[days.length - 1].date}`
              : "no events";
            return s("svg", { class: "bars", width, height, role: "img", "aria-label": label }, lines, bars);
          });
        }

        const lanes = ["append", "compact", "lifecycle", "vacuum", "erase", "adopt"];

        // Commits by time and kind; the size of a mark follows the events it brought.
        export function timeline(commits, pick) {
          const used = lanes.filter((kind) => commits.some((commit) => commit.kind === kind));
          return fitted((width) => {
            const [left, lane, right] = [74, 30, 14];
            const height = used.length * lane + 24;
            const times = commits.map((commit) => Date.parse(commit.at));
            const [first, last] = [Math.min(...times), Math.max(...times)];
            const room = width - left - right - 10;
            const place = (time) => left + 10 + (last > first ? (time - first) / (last - first) : 1) * room;
            const most = Math.max(1, ...commits.map((commit) => commit.added.records));
            const rows = used.map((kind, row) => [
              s("line", { class: "lane", x1: left, x2: width, y1: row * lane + 15, y2: row * lane + 15 }),
              s("text", { x: left - 10, y: row * lane + 19, "text-anchor": "end" }, kind),
            ]);
            const marks = [...commits].reverse().map((commit) => {
              const size = 3.5 + 7 * Math.sqrt(commit.added.records / most);
              return s("circle", {
                class: `mark ${commit.dead_letters ? "dead" : commit.kind}`, r: size.toFixed(1),
                cx: place(Date.parse(commit.at)).toFixed(1), cy: used.indexOf(commit.kind) * lane + 15,
                onclick: () => pick(commit),
              }, s("title", {}, `version ${commit.version}, ${commit.at}: ${commit.kind}, ` +
                `+${exact(commit.added.records)} events in ${exact(commit.added.objects)} objects, ` +
                `−${exact(commit.removed.objects)} objects` +
                (commit.dead_letters ? `, ${exact(commit.dead_letters)} dead letters` : "")));
            });
            const stamp = (time) => new Date(time).toISOString().slice(5, 16).replace("T", " ");
            const ends = last > first ? [
              s("text", { x: left + 4, y: height - 4 }, stamp(first)),
              s("text", { x: width - right, y: height - 4, "text-anchor": "end" }, stamp(last)),
            ] : s("text", { x: width - right, y: height - 4, "text-anchor": "end" }, stamp(last));
            const label = `${commits.length} commits from ${stamp(first)} to ${stamp(last)}, listed below`;
            return s("svg", { width, height, role: "img", "aria-label": label }, rows, marks, ends);
          });
        }

        export function meter(part, label, tone) {
          const share = Math.max(0, Math.min(1, part));
          return h("div", {
            class: "meter", "data-tone": tone, role: "meter", "aria-label": label, "aria-valuemin": 0,
            "aria-valuemax": 100, "aria-valuenow": Math.round(share * 100),
          }, s("svg", { viewBox: "0 0 100 7", preserveAspectRatio: "none", "aria-hidden": "true" },
            s("rect", { width: (share * 100).toFixed(1), height: 7 })));
        }

        """#
}
