/** Looks of reports and comparisons: one sheet for screens of any width, light and dark, and for paper. */

/** Okabe and Ito's colours, made darker or lighter where the page would swallow them; a dash pattern each for those without colours. */
const LINES = [
  ['#0068a8', '#62b6f0', ''],
  ['#c44e00', '#ff9a52', '7 3'],
  ['#00795a', '#3ecf9d', '2 3'],
  ['#a33d86', '#e79fd0', '9 3 2 3'],
  ['#6f5a00', '#e3c94f', '4 2'],
  ['#4a5568', '#b5bfce', '1 2'],
] as const;

/** Custom properties of the colours, on dark screens. */
export const DARK = `--ink:#e6e9ef;--soft:#a3adbd;--line:#2f3845;--card:#161b23;--page:#0e1116;--good:#4cc38a;--bad:#ff8a6b;--warn:#f5b849;
--band0:rgba(120,150,200,.10);--band1:rgba(120,150,200,.20);--out:rgba(255,110,80,.30);${LINES.map(([, dark], at) => `--l${at}:${dark}`).join(';')}`;
/** The same on light screens and paper. */
export const LIGHT = `--ink:#1c2430;--soft:#586374;--line:#dfe3e9;--card:#fff;--page:#f5f6f8;--good:#0f6f3f;--bad:#b42a06;--warn:#935000;
--band0:rgba(60,90,140,.05);--band1:rgba(60,90,140,.12);--out:rgba(220,60,20,.22);${LINES.map(([light], at) => `--l${at}:${light}`).join(';')}`;

export const REPORT_STYLE = `
:root{color-scheme:light dark;${LIGHT}}
@media screen and (prefers-color-scheme:dark){:root{${DARK}}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.45 system-ui,sans-serif}
main{max-width:1180px;margin:0 auto;padding:24px 20px 60px}
h1{font-size:24px;margin:0 0 4px;letter-spacing:-.01em;overflow-wrap:anywhere}
h2{font-size:18px;margin:30px 0 10px}
h3{font-size:14px;margin:0 0 4px;font-weight:600;overflow-wrap:anywhere}
p{margin:6px 0;overflow-wrap:anywhere}
.soft{color:var(--soft)}.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}
.badge{display:inline-block;border:2px solid currentColor;border-radius:8px;padding:0 10px;font-weight:700}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px 16px;margin:10px 0}
.verdict{border-left:6px solid currentColor}.verdict>*{color:var(--ink)}.verdict .bad{color:var(--bad)}
ul{margin:4px 0;padding-left:20px}li{overflow-wrap:anywhere;margin:2px 0}
nav{margin:10px 0}nav a{margin-right:12px}a{color:var(--l0)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:10px}
.tiles div{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:8px 12px}
.tiles b{display:block;font-size:21px;font-variant-numeric:tabular-nums;letter-spacing:-.01em;overflow-wrap:anywhere}
.tiles span{color:var(--soft);font-size:13px}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,380px),1fr));gap:12px}
figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:10px;padding:10px 10px 6px;min-width:0}
figure p{font-size:13px}
svg{display:block;width:100%;height:auto;overflow:visible}
.t{fill:var(--soft);font:11px system-ui,sans-serif}.t.bad{fill:var(--bad)}
.grid{stroke:var(--line);fill:none}.axis{stroke:var(--soft);fill:none}.limit{stroke:var(--bad);stroke-dasharray:4 3;fill:none}
.band0{fill:var(--band0)}.band1{fill:var(--band1)}.outage{fill:var(--out)}
.l{fill:none;stroke-width:1.8;stroke-linejoin:round}
${LINES.map(([, , dash], at) => `.l${at}{stroke:var(--l${at})${dash === '' ? '' : `;stroke-dasharray:${dash}`}}.d${at}{fill:var(--l${at})}`).join('\n')}
.scroll{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:10px;margin:8px 0}
table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
th,td{padding:4px 10px;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
tbody tr:last-child td{border-bottom:0}
th{color:var(--soft);font-weight:600;white-space:nowrap}td{overflow-wrap:break-word}
th.n,td.n{text-align:right;white-space:nowrap}
.sign{white-space:nowrap}
.key td:first-child{color:var(--soft);white-space:nowrap;width:1%}
meter{width:100%;min-width:90px;height:14px}
details>summary{cursor:pointer;color:var(--l0)}
@media (max-width:640px){main{padding:14px 10px 40px}h2{margin-top:22px}th,td{padding:4px 7px}.key td:first-child{white-space:normal;min-width:84px}}
@page{size:A4;margin:13mm 12mm}
@media print{
:root{color-scheme:light;${LIGHT}}
body{background:none;font-size:10.5px}main{max-width:none;padding:0}
h1{font-size:19px}h2{font-size:14px;margin:16px 0 6px;break-after:avoid}h3{font-size:11px}
nav{display:none}
.card,.tiles div,figure,.scroll{border-radius:4px;-webkit-print-color-adjust:exact;print-color-adjust:exact}
figure,.card,.tiles,tr{break-inside:avoid}
.charts{grid-template-columns:1fr 1fr;gap:6px}
.tiles{grid-template-columns:repeat(auto-fit,minmax(92px,1fr));gap:5px}.tiles b{font-size:14px}.tiles span{font-size:9.5px}
.scroll{overflow:visible}table{font-size:8px}th,td{padding:2px 3px}th.n{white-space:normal}thead{display:table-header-group}
}`;
