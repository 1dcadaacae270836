extension ConsoleAssets {
    /// Which view is shown, when it is refreshed, and the door.
    static let app = #"""
        import { ask, h } from "./base.js";
        import { overview } from "./overview.js";
        import { tableView } from "./table.js";

        const view = document.getElementById("view");
        const pulse = document.getElementById("pulse");
        const everyMs = 10000;
        let current = null;
        let timer = 0;

        function route() {
          const parts = location.hash.replace(/^#\/?/, "").split("/");
          if (parts[0] !== "table" || !parts[1]) return overview();
          try {
            return tableView(decodeURIComponent(parts[1]));
          } catch {
            return overview();
          }
        }

        function open() {
          current = route();
          document.title = `${current.title} – Varve`;
          view.replaceChildren(current.node);
          scrollTo(0, 0);
          refresh();
        }

        async function refresh() {
          clearTimeout(timer);
          const mine = current;
          let pause = everyMs;
          try {
            const { lake, soon } = await mine.refresh();
            if (mine !== current) return;
            if (soon) pause = 700;
            document.getElementById("lake").textContent = lake.lake;
            document.getElementById("lake").title = lake.lake;
            document.getElementById("program").textContent = lake.program;
            delete pulse.dataset.lost;
            pulse.textContent = `as of ${lake.now.slice(11, 19)}`;
            document.body.dataset.ready = "";
          } catch (problem) {
            if (mine !== current) return;
            if (problem.status === 401) return door("");
            if (problem.status === 429) return door(problem.message);
            pulse.dataset.lost = "";
            pulse.textContent = problem.message;
            if (!document.body.hasAttribute("data-ready") || [404, 421].includes(problem.status)) {
              view.replaceChildren(h("div", { class: "stack" },
                h("p", { class: "alert", role: "alert" }, problem.message),
                h("p", {}, h("a", { href: "#/" }, "All tables"))));
            }
          }
          // Nobody looks at a hidden page: the lake is left alone then.
          if (!document.hidden) timer = setTimeout(refresh, pause);
        }

        function door(message) {
          const token = h("input", {
            type: "password", name: "token", autocomplete: "current-password", required: true, id: "token",
            "aria-describedby": "door-note",
          });
          const note = h("p", { class: "note", id: "door-note", role: "status" }, message);
          const enter = async (event) => {
            event.preventDefault();
            const answer = await fetch("api/v1/session", {
              method: "POST", headers: { "Content-Type": "application/json" },
              body: JSON.stringify({ token: token.value }),
            }).catch(() => ({ ok: false, status: 0 }));
            token.value = "";
            if (answer.ok) return start();
            note.textContent = answer.status === 401 ? "This is not the token."
              : answer.status === 429 ? "Too many wrong tokens; wait a minute." : "Varve does not answer.";
            token.focus();
          };
          view.replaceChildren(h("section", { class: "panel door", "aria-label": "Sign in" },
            h("h1", {}, "Sign in"),
            h("p", { class: "hint" }, "This console is behind a token: server.console_token of the configuration."),
            h("form", { onsubmit: enter, method: "post" }, h("label", { class: "small", for: "token" }, "Token"), token,
              h("button", { type: "submit" }, "Open the console"), note)));
          pulse.textContent = "";
          document.body.dataset.ready = "";
          token.focus();
        }

        async function start() {
          const leave = document.getElementById("leave");
          open();
          const session = await ask("session").catch(() => ({}));
          leave.hidden = !(session.needs_token && session.is_signed_in);
        }

        document.getElementById("leave").addEventListener("click", async () => {
          await fetch("api/v1/session", { method: "DELETE" }).catch(() => {});
          document.getElementById("leave").hidden = true;
          open();
        });

        // Light, dark, or what the system says.
        const themes = ["auto", "light", "dark"];
        const themeButton = document.getElementById("theme");

        function setTheme(theme) {
          if (theme === "auto") delete document.documentElement.dataset.theme;
          else document.documentElement.dataset.theme = theme;
          themeButton.textContent = `Theme: ${theme}`;
          try {
            localStorage.setItem("varve-theme", theme);
          } catch { /* private windows keep nothing */ }
        }

        let theme = "auto";
        try {
          theme = themes.find((known) => known === localStorage.getItem("varve-theme")) || "auto";
        } catch { /* as above */ }
        setTheme(theme);
        themeButton.addEventListener("click", () => {
          theme = themes[(themes.indexOf(theme) + 1) % themes.length];
          setTheme(theme);
        });

        addEventListener("keydown", (event) => {
          const isTyping = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
          if (event.key === "/" && !isTyping && current?.find) {
            event.preventDefault();
            current.find();
          }
        });
        addEventListener("hashchange", () => {
          open();
          document.getElementById("main").focus({ preventScroll: true });
        });
        document.addEventListener("visibilitychange", () => {
          if (!document.hidden) refresh();
        });
        start();

        """#
}
