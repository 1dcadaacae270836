extension ConsoleAssets {
    /// The parts of the two views.
    static let partStyle = #"""
        .verdict { display: flex; flex-wrap: wrap; align-items: baseline; gap: 6px 16px; }
        .verdict h1 { display: flex; align-items: center; gap: 12px; }
        .verdict .dot { width: 13px; height: 13px; border-radius: 50%; background: var(--moss); flex: none; }
        .verdict[data-level="attention"] .dot { background: var(--sand); border-radius: 2px; transform: rotate(45deg); }
        .verdict[data-level="trouble"] .dot { background: var(--alarm); border-radius: 2px; }
        .reasons { display: grid; gap: 6px; margin-top: 10px; }
        .reasons li { display: flex; gap: 10px; align-items: center; font-size: 0.9rem; overflow-wrap: anywhere; }
        .bullet { width: 9px; height: 9px; flex: none; background: var(--sand); transform: rotate(45deg); }
        .bullet[data-level="trouble"] { background: var(--alarm); transform: none; }
        .alert {
          background: var(--alarm-soft); color: var(--alarm); border-radius: var(--radius); padding: 12px 16px;
          overflow-wrap: anywhere;
        }

        .search {
          border: 1px solid var(--line); background: var(--sunk); border-radius: 8px; padding: 5px 12px;
          font-size: 0.87rem; width: min(240px, 100%);
        }
        .search::placeholder { color: var(--soft); }
        .tables { width: 100%; border-collapse: collapse; }
        .tables th {
          text-align: left; font-weight: 500; color: var(--soft); font-size: 0.8rem; padding: 0 14px 8px 0;
          white-space: nowrap; border-bottom: 1px solid var(--line);
        }
        .tables td { padding: 12px 14px 12px 0; border-bottom: 1px solid var(--line); vertical-align: middle; }
        .tables tbody tr { position: relative; }
        .tables tbody tr:hover { background: color-mix(in srgb, var(--water-soft) 35%, transparent); }
        .tables tr:last-child td { border-bottom: 0; }
        .tables .name { min-width: 150px; max-width: 300px; }
        .tables .name a { font-weight: 620; color: var(--ink); text-decoration: none; overflow-wrap: anywhere; }
        .tables .name a:hover { text-decoration: underline; }
        .tables .name a::after { content: ""; position: absolute; inset: 0; }
        .tables .name .hint { font-size: 0.8rem; overflow-wrap: anywhere; }
        .tables .why { font-size: 0.8rem; color: var(--soft); max-width: 250px; margin-top: 3px; }
        .tables .num { text-align: right; }
        .tables td:last-child, .tables th:last-child { padding-right: 0; }
        .tables .sub { display: block; color: var(--soft); font-size: 0.8rem; }

        svg { display: block; }
        svg text { fill: var(--soft); font-size: 11px; font-family: inherit; }
        .spark rect { fill: var(--bar); }
        .spark .none { fill: var(--line); }
        .bars .bar { fill: var(--bar); }
        .bars .hit { fill: transparent; }
        .bars .hit:hover { fill: color-mix(in srgb, var(--water) 12%, transparent); }
        .axis { stroke: var(--line); stroke-width: 1; shape-rendering: crispEdges; }
        .lane { stroke: var(--line); stroke-width: 1; }
        .mark { stroke: var(--panel); stroke-width: 1.5; fill: var(--bar); }
        .mark.compact { fill: var(--sand); }
        .mark.lifecycle { fill: var(--moss); }
        .mark.vacuum { fill: var(--soft); }
        .mark.erase, .mark.dead { fill: var(--alarm); }
        .chart { min-height: 40px; }

        .heat { border-collapse: separate; border-spacing: 2px; width: 100%; table-layout: fixed; }
        .heat th { font-weight: 400; color: var(--soft); font-size: 11px; padding: 0; }
        .heat thead th { text-align: center; }
        .heat tbody th { text-align: right; padding-right: 8px; white-space: nowrap; }
        .heat .days { width: 92px; }
        .heat td { padding: 0; height: 20px; }
        .cell {
          display: block; width: 100%; height: 20px; border: 0; border-radius: 3px; padding: 0;
          background: var(--sunk);
        }
        .cell[data-heat="1"] { background: var(--h1); }
        .cell[data-heat="2"] { background: var(--h2); }
        .cell[data-heat="3"] { background: var(--h3); }
        .cell[data-heat="4"] { background: var(--h4); }
        .cell[data-heat="5"] { background: var(--h5); }
        .cell[data-heat="6"] { background: var(--h6); }
        .cell.open { box-shadow: inset 0 -3px 0 var(--sand); }
        .cell[aria-pressed="true"] { outline: 2px solid var(--ink); outline-offset: 1px; }
        button.cell:hover { outline: 2px solid var(--soft); outline-offset: 0; }
        .legend { display: flex; flex-wrap: wrap; align-items: center; gap: 5px 14px; margin-top: 12px; }
        .legend { color: var(--soft); font-size: 0.8rem; }
        .legend .steps { display: inline-flex; align-items: center; gap: 3px; }
        .legend .cell { width: 20px; height: 12px; display: inline-block; }
        .swatch { width: 10px; height: 10px; border-radius: 50%; display: inline-block; margin-right: 5px; }
        .swatch.append { background: var(--bar); }
        .swatch.compact { background: var(--sand); }
        .swatch.lifecycle, .swatch.adopt { background: var(--moss); }
        .swatch.vacuum { background: var(--soft); }
        .swatch.erase { background: var(--alarm); }

        .hour { margin-top: 16px; border-top: 1px solid var(--line); padding-top: 14px; }
        .hour header { display: flex; flex-wrap: wrap; gap: 6px 14px; align-items: baseline; margin-bottom: 8px; }
        .hour h3 { font-size: 0.95rem; font-weight: 620; }
        .hour header .quiet { margin-left: auto; }
        .facts { display: flex; flex-wrap: wrap; gap: 5px 26px; font-size: 0.87rem; }
        .facts dt { color: var(--soft); display: inline; }
        .facts dd { display: inline; margin-left: 6px; overflow-wrap: anywhere; }
        .meter { height: 7px; border-radius: 4px; background: var(--sunk); overflow: hidden; margin-top: 7px; }
        .meter svg { width: 100%; height: 7px; }
        .meter rect { fill: var(--bar); }
        .meter[data-tone="sand"] rect { fill: var(--sand); }
        .crumb { font-size: 0.86rem; margin-bottom: 6px; }
        .door { max-width: 400px; margin: 9vh auto 0; }
        .door form { display: grid; gap: 12px; margin-top: 14px; }
        .door input { border: 1px solid var(--line); background: var(--sunk); border-radius: 8px; padding: 9px 12px; }
        .door button { border: 0; border-radius: 8px; padding: 9px 14px; font-weight: 600; }
        .door button { background: var(--water); color: var(--panel); }
        .empty { text-align: center; padding: 42px 20px; }
        .empty img { opacity: 0.9; }
        .empty h2 { margin-top: 14px; font-size: 1.1rem; }
        .empty pre {
          text-align: left; display: inline-block; max-width: 100%; overflow-x: auto; background: var(--sunk);
          border-radius: 8px; padding: 12px 16px; font-size: 0.84rem; margin-top: 16px;
        }

        @media (max-width: 760px) {
          .top { flex-wrap: wrap; gap: 8px 10px; }
          .brand { margin-right: auto; }
          .lake { order: 9; flex-basis: 100%; }
          main { padding-top: 18px; }
          h1 { font-size: 1.35rem; }
          .panel { padding: 15px 14px; }
          .tile { padding: 11px 13px; }
          .tile dd { font-size: 1.25rem; }
          .tile[data-long] dd { font-size: 1rem; }
          .tables, .tables tbody, .tables td { display: block; }
          .tables thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
          .tables tr {
            display: grid; grid-template-columns: repeat(3, 1fr); gap: 8px 12px; padding: 14px 0;
            border-bottom: 1px solid var(--line);
          }
          .tables tr:last-child { border-bottom: 0; }
          .tables td { padding: 0; border: 0; text-align: left; font-size: 0.87rem; }
          .tables .num { text-align: left; }
          .tables td[data-label]::before {
            content: attr(data-label); display: block; color: var(--soft); font-size: 0.75rem;
          }
          .tables .name, .tables .state, .tables .trend { grid-column: 1 / -1; max-width: none; }
          .tables .why { max-width: none; }
          .heat { border-spacing: 1px; }
          .heat .days { width: 44px; }
          .heat tbody th { padding-right: 4px; font-size: 10px; }
          .heat thead th { font-size: 9px; }
          .heat td, .heat .cell { height: 22px; }
          .cell { border-radius: 2px; }
        }
        @media (prefers-reduced-motion: no-preference) {
          .quiet, .choices button { transition: color 0.12s, background 0.12s; }
        }
        @media (forced-colors: active) {
          .cell, .badge::before, .dot { forced-color-adjust: none; }
        }

        """#
}
