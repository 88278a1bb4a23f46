/** The one look of every page: system fonts, light and dark, colours by meaning. */

export const BASE_STYLES = `
:root {
  color-scheme: light dark;
  --bg: #fbfbfa; --surface: #ffffff; --sunken: #f4f4f2; --text: #1c1d21; --muted: #63666f; --line: #e2e2df;
  --accent: #3558c9; --king: #8a6116; --challenger: #3558c9;
  --good: #1f7a4d; --bad: #b3362b; --warn: #96650a; --neutral: #8b8e97;
  --good-soft: #e3f3ea; --bad-soft: #fbe8e6; --warn-soft: #faf0d9; --neutral-soft: #ececea;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --bg: #141518; --surface: #1b1d21; --sunken: #16181b; --text: #e5e6ea; --muted: #9a9da7; --line: #2e3138;
    --accent: #8aa5ff; --king: #dcae5a; --challenger: #8aa5ff;
    --good: #5fc792; --bad: #f0857b; --warn: #dfae52; --neutral: #7d818b;
    --good-soft: #16301f; --bad-soft: #3a1c19; --warn-soft: #33270f; --neutral-soft: #26282d;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
body { margin: 0; background: var(--bg); color: var(--text); font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 32px 24px 96px; }
header h1 { font-size: 26px; line-height: 1.2; margin: 0 0 4px; letter-spacing: -0.01em; }
h2 { font-size: 19px; margin: 48px 0 12px; letter-spacing: -0.005em; }
h3 { font-size: 15px; margin: 24px 0 8px; }
p { margin: 0 0 12px; max-width: 76ch; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
nav { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 16px 0 0; padding: 10px 0; border-top: 1px solid var(--line); border-bottom: 1px solid var(--line); font-size: 14px; }
.muted { color: var(--muted); }
.small { font-size: 13px; }
.mono, code, pre { font-family: var(--mono); font-size: 13px; }
.good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); }
.panel { background: var(--surface); border: 1px solid var(--line); border-radius: 8px; padding: 18px 20px; margin: 12px 0; }
.banner { border-left: 4px solid var(--neutral); }
.banner.is-good { border-left-color: var(--good); } .banner.is-bad { border-left-color: var(--bad); } .banner.is-warn { border-left-color: var(--warn); }
.banner strong { font-size: 18px; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin: 20px 0; }
.fact { background: var(--surface); border: 1px solid var(--line); border-radius: 8px; padding: 12px 16px; }
.fact .value { font-size: 23px; line-height: 1.25; font-variant-numeric: tabular-nums; }
.fact .label { color: var(--muted); font-size: 13px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
caption { text-align: left; color: var(--muted); font-size: 13px; padding: 0 0 8px; }
th, td { text-align: left; padding: 6px 12px 6px 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
td { min-width: 7em; } td:first-child { overflow-wrap: break-word; }
th { color: var(--muted); font-weight: 600; font-size: 13px; white-space: nowrap; }
td.number, th.number { min-width: 0; text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; overflow-wrap: normal; }
td.mono { font-size: 12.5px; }
tbody tr:last-child td { border-bottom: 0; }
.badge { display: inline-block; padding: 0 8px; border-radius: 999px; font-size: 12.5px; line-height: 20px; background: var(--neutral-soft); color: var(--text); white-space: nowrap; }
.badge.is-good { background: var(--good-soft); color: var(--good); } .badge.is-bad { background: var(--bad-soft); color: var(--bad); } .badge.is-warn { background: var(--warn-soft); color: var(--warn); }
pre { margin: 0; padding: 12px 14px; background: var(--sunken); border: 1px solid var(--line); border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.5; max-height: 480px; overflow: auto; }
details > summary { cursor: pointer; color: var(--muted); }
figure { margin: 12px 0; }
figcaption { color: var(--muted); font-size: 13px; margin-top: 6px; }
svg { display: block; max-width: 100%; height: auto; color: var(--muted); }
svg text { fill: var(--muted); paint-order: stroke; stroke: var(--surface); stroke-width: 3px; stroke-linejoin: round; }
svg .strong { fill: var(--text); font-weight: 600; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(320px, 1fr)); gap: 12px; }
button, input, select { font: inherit; font-size: 14px; color: var(--text); background: var(--surface); border: 1px solid var(--line); border-radius: 6px; padding: 5px 10px; }
button { cursor: pointer; } button:hover:not(:disabled) { border-color: var(--accent); } button:disabled { opacity: .45; cursor: default; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
.toolbar { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; margin: 0 0 10px; }
.toolbar input[type=search] { flex: 1 1 220px; max-width: 420px; }
.toolbar .pages { margin-left: auto; display: flex; gap: 8px; align-items: center; color: var(--muted); font-size: 13px; }
th.sortable { cursor: pointer; user-select: none; }
th.sortable:hover { color: var(--text); }
th[aria-sort=ascending]::after { content: " \\2191"; } th[aria-sort=descending]::after { content: " \\2193"; }
tr.opens { cursor: pointer; } tr.opens:hover td { background: var(--sunken); } tr.is-open td { background: var(--sunken); }
footer { margin-top: 64px; padding-top: 12px; border-top: 1px solid var(--line); color: var(--muted); font-size: 13px; }
@media (max-width: 640px) { main { padding: 20px 14px 64px; } }
@media print { body { background: #fff; } .toolbar, nav { display: none; } pre { max-height: none; } }
`;
