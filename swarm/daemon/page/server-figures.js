/** What the servers say of themselves, over the same time as the load; the reader chooses which. Those that crossed a threshold come first. */
import { Chart } from './charts.js';
import { byId, el, show } from './dom.js';
import { figureText } from './words.js';

const MOST_LINES = 5;
/** Charts that are drawn when nobody has chosen. */
const USUAL = 6;
const COLORS = ['c1', 'c2', 'c3', 'c4', 'c5'];

/** By key of their group: the chart, and the names of its lines, which it was made for. */
const charts = new Map();
/** What the reader chose, by key: true or false. */
const chosen = new Map(JSON.parse(sessionStorage.getItem('figures') ?? '[]'));

const unitOfPoints = ({ kind, unit }) =>
  kind !== 'counter' ? unit : unit === '' || unit === 'count' ? '/s' : `${unit}/s`;
const highest = ({ points }) => points.reduce((most, { value }) => Math.max(most, value), 0);
const labelText = (labels, source) =>
  Object.entries(labels)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ') || source;

/** Figures of one name and source, the crossed first, then in the order of the summary. */
function groupsOf({ servers, thresholds = [] }) {
  const crossed = new Set(thresholds.filter(({ ok }) => ok === false).map(({ figure }) => figure));
  const groups = new Map();
  for (const one of servers?.figures ?? []) {
    const key = `${one.source} ${one.figure}`;
    const group = groups.get(key) ?? {
      key,
      figure: one.figure,
      source: one.source,
      kind: one.kind,
      unit: unitOfPoints(one),
      crossed: crossed.has(one.figure),
      members: [],
    };
    if (one.points.length > 0) group.members.push(one);
    groups.set(key, group);
  }
  const list = [...groups.values()].filter(({ members }) => members.length > 0);
  for (const group of list)
    group.members = group.members.toSorted((a, b) => highest(b) - highest(a)).slice(0, MOST_LINES);
  return list.toSorted((a, b) => Number(b.crossed) - Number(a.crossed));
}

/** Whether it moved at all: a flat line tells little. */
const moves = ({ members }) => members.some(({ points }) => points.some(({ value }) => value !== points[0].value));

function shownOf(groups) {
  const usual = new Set(
    [...groups.filter(({ crossed }) => crossed), ...groups.filter(moves)].slice(0, USUAL).map(({ key }) => key),
  );
  return groups.filter(({ key }) => chosen.get(key) ?? usual.has(key));
}

let latest = null;

/** Shows the figures of a run's servers. */
export function showServers(summary) {
  latest = summary;
  const { collectors = [] } = summary.servers ?? {};
  const groups = groupsOf(summary);
  const shown = shownOf(groups);
  byId('servers').hidden = groups.length === 0 && collectors.length === 0;
  byId('picker').hidden = groups.length === 0;
  const silent = collectors.filter(({ reason }) => reason !== null);
  show(
    byId('collectors'),
    silent.length > 0 &&
      el(
        'details',
        {},
        el('summary', {}, `${silent.length} of ${collectors.length} sources are not read, or failed`),
        el(
          'ul',
          { class: 'soft' },
          silent.map(({ name, state, reason }) => el('li', {}, `${name}, ${state}: ${reason}`)),
        ),
      ),
  );
  const search = byId('figure-search').value.toLowerCase();
  show(
    byId('figures'),
    groups
      .filter(({ key }) => key.toLowerCase().includes(search))
      .map((group) =>
        el(
          'label',
          {},
          el('input', { type: 'checkbox', 'data-key': group.key, checked: shown.includes(group) }),
          el(
            'span',
            { class: group.crossed ? 'bad' : null },
            `${group.figure} · ${group.source}${group.crossed ? ' · crossed' : ''}`,
          ),
        ),
      ),
  );
  draw(shown);
}

function draw(groups) {
  const nodes = groups.map((group) => {
    const lines = group.members.map(({ labels }, at) => ({ name: labelText(labels, group.source), color: COLORS[at] }));
    const made = JSON.stringify([lines, group.crossed]);
    let known = charts.get(group.key);
    if (known?.made !== made) {
      const what = group.kind === 'trend' ? ', p99' : group.kind === 'counter' ? ', rate' : '';
      const title = `${group.crossed ? 'crossed: ' : ''}${figureText(group.figure)}${what} · ${group.source}`;
      known = { made, chart: new Chart({ title, unit: group.unit, lines, crossed: group.crossed }) };
      charts.set(group.key, known);
    }
    return { group, chart: known.chart };
  });
  const place = byId('server-charts');
  const same =
    place.childElementCount === nodes.length && nodes.every(({ chart }, at) => place.children[at] === chart.node);
  if (!same) place.replaceChildren(...nodes.map(({ chart }) => chart.node));
  for (const { group, chart } of nodes) chart.set(...joined(group.members));
}

/** Points of several figures over one list of times. */
function joined(members) {
  const times = [...new Set(members.flatMap(({ points }) => points.map(({ afterSeconds }) => afterSeconds)))].sort(
    (a, b) => a - b,
  );
  const columns = members.map(({ points }) => {
    const values = new Map(points.map(({ afterSeconds, value }) => [afterSeconds, value]));
    // A moment that only others were read at is no gap.
    return times.map((time) => values.get(time) ?? (members.length > 1 ? undefined : null));
  });
  return [times, columns];
}

byId('figures').addEventListener('change', ({ target }) => {
  chosen.set(target.dataset.key, target.checked);
  sessionStorage.setItem('figures', JSON.stringify([...chosen]));
  if (latest) showServers(latest);
});
byId('figure-search').addEventListener('input', () => latest && showServers(latest));
