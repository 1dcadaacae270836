extension ConsoleAssets {
    /// Colours, type, and what every view uses. Colours are pairs: for light and for dark.
    static let baseStyle = #"""
        :root {
          color-scheme: light dark;
          --ground: light-dark(#f5f4ef, #0f1416);
          --panel: light-dark(#ffffff, #171e21);
          --sunk: light-dark(#eeece5, #11181a);
          --line: light-dark(#dfdcd2, #2a3438);
          --ink: light-dark(#1c2326, #e8ecec);
          --soft: light-dark(#566166, #9fadb1);
          --water: light-dark(#0e6a77, #63c3cd);
          --water-soft: light-dark(#d8eaec, #17363b);
          --sand: light-dark(#946114, #e0b45c);
          --sand-soft: light-dark(#f7ebd2, #3a2f18);
          --alarm: light-dark(#b3261e, #ff8f85);
          --alarm-soft: light-dark(#fbe2df, #46201d);
          --moss: light-dark(#2b7345, #7fce9a);
          --moss-soft: light-dark(#def0e3, #1b3726);
          --bar: light-dark(#2d97a1, #3f9fa9);
          --h1: light-dark(#d3e7e8, #16383d);
          --h2: light-dark(#a8d0d3, #1b525a);
          --h3: light-dark(#74b4ba, #237079);
          --h4: light-dark(#42959d, #35929c);
          --h5: light-dark(#1b727d, #62bcc5);
          --h6: light-dark(#0a4a54, #a9e6ea);
          --radius: 10px;
          --edge: max(clamp(14px, 4vw, 40px), calc((100% - 1160px) / 2));
        }
        :root[data-theme="light"] { color-scheme: light; }
        :root[data-theme="dark"] { color-scheme: dark; }
        * { box-sizing: border-box; }
        html { -webkit-text-size-adjust: 100%; }
        body {
          margin: 0; background: var(--ground); color: var(--ink); min-height: 100vh;
          display: flex; flex-direction: column;
          font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif;
          font-variant-numeric: tabular-nums;
        }
        h1, h2, h3, p, ul, ol, dl, dd, figure { margin: 0; padding: 0; }
        ul, ol { list-style: none; }
        h1 { font-size: 1.6rem; line-height: 1.2; letter-spacing: -0.015em; font-weight: 650; overflow-wrap: anywhere; }
        h2 { font-size: 1rem; font-weight: 650; letter-spacing: -0.005em; }
        a { color: var(--water); text-underline-offset: 3px; }
        code, .mono { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
        code, .mono { font-size: 0.87em; }
        :focus-visible { outline: 2px solid var(--water); outline-offset: 2px; border-radius: 4px; }
        main:focus { outline: none; }
        button, select, input { font: inherit; color: inherit; }
        button { cursor: pointer; }
        .skip { position: absolute; left: -999px; top: 8px; background: var(--panel); padding: 8px 14px; z-index: 9; }
        .skip:focus { left: 8px; }

        .top {
          display: flex; align-items: center; gap: 14px; padding: 12px var(--edge);
          border-bottom: 1px solid var(--line); background: var(--panel);
        }
        .brand {
          display: flex; align-items: center; gap: 10px; font-weight: 700; font-size: 1.08rem; color: inherit;
          text-decoration: none; letter-spacing: -0.01em;
        }
        .brand img { display: block; }
        .lake {
          flex: 1; min-width: 0; color: var(--soft); overflow: hidden; text-overflow: ellipsis; white-space: nowrap;
          font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 0.85rem;
        }
        .pulse { color: var(--soft); font-size: 0.82rem; white-space: nowrap; }
        .pulse[data-lost] { color: var(--alarm); }
        .quiet {
          border: 1px solid var(--line); background: transparent; border-radius: 7px; padding: 4px 11px;
          font-size: 0.82rem; color: var(--soft); white-space: nowrap;
        }
        .quiet:hover { color: var(--ink); border-color: var(--soft); }
        main { flex: 1; width: 100%; max-width: 1240px; margin: 0 auto; padding: 26px clamp(14px, 4vw, 40px) 40px; }
        .foot {
          display: flex; flex-wrap: wrap; gap: 4px 24px; justify-content: space-between; color: var(--soft);
          font-size: 0.8rem; padding: 14px var(--edge); border-top: 1px solid var(--line);
        }
        .stack { display: grid; gap: 20px; }
        .stack > *, .pair > * { min-width: 0; }
        .stack > :empty { display: none; }
        .pair { display: grid; gap: 20px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 430px), 1fr)); }
        .hint { color: var(--soft); }
        .small { font-size: 0.84rem; }
        .num { text-align: right; white-space: nowrap; }
        .vh {
          position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
        }

        .panel {
          background: var(--panel); border: 1px solid var(--line); border-radius: var(--radius); padding: 18px 20px;
        }
        .panel > header { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 14px; margin-bottom: 14px; }
        .panel > header h2 { margin-right: auto; }
        .panel > header .hint { font-size: 0.84rem; }
        .note { color: var(--soft); font-size: 0.84rem; margin-top: 10px; }

        .tiles { display: grid; gap: 12px; grid-template-columns: repeat(auto-fit, minmax(min(46%, 168px), 1fr)); }
        .tile {
          background: var(--panel); border: 1px solid var(--line); border-radius: var(--radius); padding: 13px 16px;
        }
        .tile dt { color: var(--soft); font-size: 0.82rem; }
        .tile dd { font-size: 1.5rem; font-weight: 620; letter-spacing: -0.02em; line-height: 1.25; margin-top: 2px; }
        .tile[data-long] dd { font-size: 1.2rem; line-height: 1.5; white-space: nowrap; }
        .tile[data-long] .sub { white-space: normal; }
        .tile .sub {
          color: var(--soft); font-size: 0.8rem; font-weight: 400; letter-spacing: 0; margin-top: 3px; line-height: 1.4;
        }
        .tile[data-tone="sand"] dd > span:first-child { color: var(--sand); }
        .tile[data-tone="alarm"] dd > span:first-child { color: var(--alarm); }

        .badge {
          display: inline-flex; align-items: center; gap: 7px; border-radius: 999px; padding: 2px 11px 2px 9px;
          font-size: 0.82rem; font-weight: 560; white-space: nowrap;
        }
        .badge::before { content: ""; width: 8px; height: 8px; border-radius: 50%; background: currentColor; }
        .badge[data-level="ok"] { color: var(--moss); background: var(--moss-soft); }
        .badge[data-level="attention"] { color: var(--sand); background: var(--sand-soft); }
        .badge[data-level="attention"]::before { border-radius: 1px; transform: rotate(45deg); }
        .badge[data-level="trouble"] { color: var(--alarm); background: var(--alarm-soft); }
        .badge[data-level="trouble"]::before { border-radius: 1px; }

        .choices { display: inline-flex; border: 1px solid var(--line); border-radius: 8px; overflow: hidden; }
        .choices button {
          border: 0; background: transparent; padding: 3px 11px; font-size: 0.82rem; color: var(--soft);
        }
        .choices button + button { border-left: 1px solid var(--line); }
        .choices button[aria-pressed="true"] { background: var(--water-soft); color: var(--water); font-weight: 600; }
        .choices button:focus-visible { outline-offset: -2px; }

        .scroll { overflow-x: auto; }
        .grid { width: 100%; border-collapse: collapse; font-size: 0.88rem; }
        .grid th {
          text-align: left; font-weight: 500; color: var(--soft); font-size: 0.8rem; padding: 4px 12px 7px 0;
          border-bottom: 1px solid var(--line); white-space: nowrap;
        }
        .grid td {
          padding: 7px 12px 7px 0; border-bottom: 1px solid var(--line); vertical-align: top; white-space: nowrap;
        }
        .grid td:not(.wide) { max-width: 300px; overflow: hidden; text-overflow: ellipsis; }
        .grid .num + :not(.num) { padding-left: 14px; }
        .grid tr:last-child td { border-bottom: 0; }
        .grid th:last-child, .grid td:last-child { padding-right: 0; }
        .grid .num { text-align: right; }
        .grid .wide { white-space: normal; overflow-wrap: anywhere; min-width: 180px; }
        .more { margin-top: 12px; }

        """#
}
