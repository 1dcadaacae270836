extension ConsoleAssets {
    static let page = #"""
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta name="robots" content="noindex">
        <title>Varve</title>
        <link rel="icon" type="image/svg+xml" href="assets/mark.svg">
        <link rel="stylesheet" href="assets/console.css">
        <link rel="modulepreload" href="assets/base.js">
        <link rel="modulepreload" href="assets/charts.js">
        <link rel="modulepreload" href="assets/heatmap.js">
        <link rel="modulepreload" href="assets/overview.js">
        <link rel="modulepreload" href="assets/table.js">
        <link rel="modulepreload" href="assets/panels.js">
        <script type="module" src="assets/app.js"></script>
        </head>
        <body>
        <a class="skip" href="#main">Skip to the content</a>
        <header class="top">
          <a class="brand" href="#/"><img src="assets/mark.svg" alt="" width="26" height="26"><span>Varve</span></a>
          <p class="lake" id="lake"></p>
          <p class="pulse" id="pulse" role="status"></p>
          <button class="quiet" id="theme" type="button">Theme</button>
          <button class="quiet" id="leave" type="button" hidden>Sign out</button>
        </header>
        <main id="main" tabindex="-1">
          <div id="view"><p class="hint">Reading the lake…</p></div>
          <noscript><p class="hint">This page draws itself with JavaScript. Without it, `varve tables` and
          `varve manifest` say the same on the command line.</p></noscript>
        </main>
        <footer class="foot"><p id="program">Varve</p><p>Read-only. Times are UTC unless a zone is named.</p></footer>
        </body>
        </html>

        """#

    /// Layers of sediment.
    static let mark = #"""
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
        <clipPath id="a"><rect width="32" height="32" rx="8"/></clipPath>
        <g clip-path="url(#a)">
        <path fill="#0e6a77" d="M0 0h32v32H0z"/>
        <path fill="#2d97a1" d="M0 9c6-3 10 3 16 1s10-4 16-1v23H0z"/>
        <path fill="#f0d9a8" d="M0 15c6-3 10 2 16 1s11-4 16-1v17H0z"/>
        <path fill="#d9a441" d="M0 19c6-2 10 2 16 1s11-3 16-1v13H0z"/>
        <path fill="#8c5a24" d="M0 24c6-2 10 2 16 1s11-3 16-1v8H0z"/>
        </g></svg>

        """#
}
