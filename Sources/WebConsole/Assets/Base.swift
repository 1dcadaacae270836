extension ConsoleAssets {
    /// Elements, numbers, times, requests. Text from the lake only ever becomes a text node or an attribute.
    static let base = #"""
        // An element with properties and children; strings become text nodes, so nothing is ever read as markup.
        export function h(tag, props = {}, ...children) {
          return fill(document.createElement(tag), props, children);
        }

        export function s(tag, props = {}, ...children) {
          return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), props, children);
        }

        function fill(node, props, children) {
          for (const [name, value] of Object.entries(props)) {
            if (value === undefined || value === null || value === false) continue;
            if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
            else node.setAttribute(name, value === true ? "" : String(value));
          }
          node.append(...children.flat(4).filter((child) => child !== null && child !== undefined && child !== false));
          return node;
        }

        const plain = new Intl.NumberFormat("en");

        export const exact = (value) => plain.format(value);

        // 12,345 stays; from 100,000 on: 123k, 1.23M, 4.56B.
        export function count(value) {
          if (value === undefined || value === null) return "–";
          if (Math.abs(value) < 100000) return plain.format(value);
          let rest = value;
          for (const unit of ["k", "M", "B", "T"]) {
            rest /= 1000;
            if (Math.abs(rest) < 999.5) return Number(rest.toPrecision(3)) + unit;
          }
          return rest.toExponential(2);
        }

        export function bytes(value) {
          if (value === undefined || value === null) return "–";
          if (value < 1024) return `${value} B`;
          let rest = value;
          for (const unit of ["KiB", "MiB", "GiB", "TiB", "PiB"]) {
            rest /= 1024;
            if (rest < 999.5 || unit === "PiB") {
              return `${Number(rest.toPrecision(3))} ${unit}`;
            }
          }
        }

        export function span(seconds) {
          if (seconds === undefined || seconds === null) return "–";
          if (seconds < 120) return `${Math.floor(seconds)} s`;
          if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
          if (seconds < 172800) return `${Math.floor(seconds / 3600)} h`;
          return `${count(Math.floor(seconds / 86400))} days`;
        }

        // 2026-11-21 05:07, with the exact time and its age as a tooltip.
        export function time(text, now) {
          if (!text) return h("span", { class: "hint" }, "–");
          const age = (Date.parse(now) - Date.parse(text)) / 1000;
          return h("time", { datetime: text, title: `${text}, ${span(Math.max(0, age))} ago` },
            text.slice(0, 16).replace("T", " "));
        }

        export function ago(text, now) {
          if (!text) return h("span", { class: "hint" }, "–");
          const age = (Date.parse(now) - Date.parse(text)) / 1000;
          return h("time", { datetime: text, title: text }, age < 0 ? "now" : `${span(age)} ago`);
        }

        export class Refusal extends Error {
          constructor(status, message) {
            super(message);
            this.status = status;
          }
        }

        export async function ask(path, query = {}) {
          const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
          const search = pairs.length ? "?" + new URLSearchParams(pairs) : "";
          let answer;
          try {
            answer = await fetch("api/v1/" + path + search, { headers: { Accept: "application/json" } });
          } catch {
            throw new Refusal(0, "varve does not answer");
          }
          const body = await answer.json().catch(() => ({}));
          if (!answer.ok) throw new Refusal(answer.status, body.error || `status ${answer.status}`);
          return body;
        }

        export const of = (table) => "tables/" + encodeURIComponent(table);

        export function badge(level) {
          const words = { ok: "Well", attention: "Needs a look", trouble: "In trouble" };
          return h("span", { class: "badge", "data-level": level }, words[level] || level);
        }

        export function tile(label, value, sub, tone) {
          const isLong = typeof value === "string" && value.length > 12;
          return h("div", { class: "tile", "data-tone": tone, "data-long": isLong },
            h("dt", {}, label), h("dd", {}, h("span", {}, value), sub ? h("p", { class: "sub" }, sub) : null));
        }

        // One of a few, as buttons; `choose` is called with the value.
        export function choices(label, options, chosen, choose) {
          return h("div", { class: "choices", role: "group", "aria-label": label }, options.map(([value, text]) =>
            h("button", {
              type: "button", "aria-pressed": value === chosen ? "true" : "false", "data-key": `${label}:${value}`,
              onclick: () => choose(value),
            }, text)));
        }

        export function panel(title, tools, ...content) {
          return h("section", { class: "panel", "aria-label": title },
            h("header", {}, h("h2", {}, title), tools), ...content);
        }

        // Columns: [heading, cell of a row, class]
        export function grid(columns, rows, empty) {
          if (!rows.length) return h("p", { class: "hint" }, empty);
          return h("div", { class: "scroll" }, h("table", { class: "grid" },
            h("thead", {}, h("tr", {},
              columns.map(([title, , kind]) => h("th", { class: kind, scope: "col" }, title)))),
            h("tbody", {}, rows.map((row) => h("tr", {}, columns.map(([, cell, kind]) =>
              h("td", { class: kind }, cell(row))))))));
        }

        // Replaces what a place shows, but only where the data changed, and keeps the focus where it was.
        const shown = new WeakMap();

        export function show(place, data, draw) {
          const text = JSON.stringify(data);
          if (shown.get(place) === text) return;
          shown.set(place, text);
          const key = place.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
          place.replaceChildren(...[draw()].flat(4).filter(Boolean));
          if (key) {
            for (const node of place.querySelectorAll("[data-key]")) if (node.dataset.key === key) node.focus();
          }
        }

        """#
}
