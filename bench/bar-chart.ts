/**
 * Bar charts as files of their own: SVG that follows the reader's light or dark colours, stands on a card of its own, and says in words what it
 * shows. Groups have scales of their own, because a TLS handshake costs fifty times what a request does.
 *
 *    title                                        unit, and which way is better
 *    group
 *      ours   ████ 12
 *      peer   ██████████████████████ 78
 */

import { DARK, LIGHT } from '../swarm/report/html-style.ts';
import { escapeText } from '../swarm/report/html-text.ts';
import type { Bar, BarChart, BarGroup } from './part.ts';
import { cellText } from './table.ts';

const WIDTH = 720;
const PADDING = 20;
const HEAD = 66;
const GROUP_HEAD = 26;
const BAR = 16;
const BAR_STEP = 22;
const GROUP_GAP = 12;
/** Between labels and bars, and between bars and values. */
const GAP = 8;
/** Of a character of the text of labels and values, about. */
const CHARACTER = 6.7;

const STYLE = `svg{${LIGHT}}
@media (prefers-color-scheme:dark){svg{${DARK}}}
text{font:12px system-ui,-apple-system,'Segoe UI',sans-serif;fill:var(--ink)}
.title{font-size:16px;font-weight:650}.unit,.none{fill:var(--soft)}.group{font-weight:600}
.value{font-variant-numeric:tabular-nums}
.card{fill:var(--card);stroke:var(--line)}.axis{stroke:var(--line)}.own{fill:var(--l0)}.other{fill:var(--soft);fill-opacity:.45}`;

const round = (value: number) => Math.round(value * 10) / 10;

/** The text of an SVG file. */
export function barChart({ title, unit, groups }: BarChart): string {
  const bars = groups.flatMap((group) => group.bars);
  const labels = Math.max(0, ...bars.map(({ label }) => label.length)) * CHARACTER;
  const values = Math.max(0, ...bars.map((bar) => valueText(bar).length)) * CHARACTER;
  const left = PADDING + labels + GAP;
  const room = Math.max(40, WIDTH - PADDING - GAP - values - left);
  let top = HEAD;
  const parts = groups.map((group) => {
    const text = groupText(group, { left, room, top });
    top += GROUP_HEAD + group.bars.length * BAR_STEP + GROUP_GAP;
    return text;
  });
  const height = top + PADDING - GROUP_GAP;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">
<title>${escapeText(title)}</title><desc>${escapeText(inWords(groups, unit))}</desc>
<style>${STYLE}</style>
<rect class="card" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="10"/>
<text class="title" x="${PADDING}" y="30">${escapeText(title)}</text>
<text class="unit" x="${PADDING}" y="48">${escapeText(unit)}</text>
${parts.join('\n')}
</svg>
`;
}

interface Place {
  left: number;
  /** For the longest bar. */
  room: number;
  top: number;
}

function groupText({ title, bars }: BarGroup, { left, room, top }: Place): string {
  const most = Math.max(0, ...bars.map(({ value }) => value ?? 0));
  const from = top + GROUP_HEAD;
  const rows = bars.map((bar, at) => {
    const y = from + at * BAR_STEP;
    const base = y + BAR - 4;
    // Something that is there is seen, however small.
    const width =
      bar.value === null ? 0 : round(Math.max(bar.value > 0 ? 1.5 : 0, most > 0 ? (bar.value / most) * room : 0));
    const label = `<text x="${round(left - GAP)}" y="${base}" text-anchor="end">${escapeText(bar.label)}</text>`;
    const rect = `<rect class="${bar.own ? 'own' : 'other'}" x="${round(left)}" y="${y}" width="${width}" height="${BAR}" rx="2"/>`;
    const value = `<text class="${bar.value === null ? 'none' : 'value'}" x="${round(left + width + GAP)}" y="${base}">${escapeText(valueText(bar))}</text>`;
    return `${label}${bar.value === null ? '' : rect}${value}`;
  });
  const axis = `<path class="axis" d="M${round(left)} ${from - 3}v${bars.length * BAR_STEP}"/>`;
  return `<text class="group" x="${PADDING}" y="${top + 14}">${escapeText(title)}</text>\n${axis}\n${rows.join('\n')}`;
}

const valueText = ({ value }: Bar) => (value === null ? 'not measured' : cellText(value));

/** For somebody who cannot see it. */
function inWords(groups: readonly BarGroup[], unit: string): string {
  const texts = groups.map(
    ({ title, bars }) => `${title}: ${bars.map((bar) => `${bar.label} ${valueText(bar)}`).join(', ')}`,
  );
  return `${unit}. ${texts.join('. ')}.`;
}
