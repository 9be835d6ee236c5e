/** One cluster, one host or one kind of request, as the address says. */
import { get } from './api.js';
import { byId, el, facts, show, table, tableRow } from './dom.js';
import { eventText } from './log.js';
import { linked, linkTo, requestDetail } from './overview.js';
import { count, inUnit, span } from './words.js';

const MOST_HOSTS = 200;
const place = byId('detail');
let shown = '';

const asked = () => {
  const parts = new URLSearchParams(location.hash.slice(1));
  return { cluster: parts.get('cluster'), host: parts.get('host'), request: parts.get('request') };
};

/** @param moved whether the reader has just asked for it, and wants to be there */
export async function showDetail(run, summary, moved) {
  const what = asked();
  const key = JSON.stringify([run.id, what]);
  const found = await find(run, summary, what);
  // The reader has gone on meanwhile.
  if (key !== JSON.stringify([run.id, asked()])) return;
  place.hidden = found === undefined;
  if (found === undefined) {
    shown = '';
    return;
  }
  const { title, nodes } = found ?? {
    title: 'Not there',
    nodes: [el('p', {}, 'This run has nothing of this number or name.')],
  };
  show(
    place,
    el('div', { class: 'head' }, el('h2', {}, title), el('a', { href: linkTo({}) }, 'Close')),
    el('div', {}, nodes),
  );
  if (moved && shown !== key) {
    place.scrollIntoView({ block: 'nearest' });
    place.focus({ preventScroll: true });
  }
  shown = key;
}

async function find(run, summary, { cluster, host, request }) {
  if (request !== null) return summary && requestDetail(summary, request);
  const base = `/runs/${encodeURIComponent(run.id)}`;
  if ([host, cluster].some((number) => number !== null && !/^\d{1,9}$/.test(number))) return null;
  if (host !== null) return hostDetail(run, await get(`${base}/hosts/${encodeURIComponent(host)}`));
  if (cluster === null) return undefined;
  const number = encodeURIComponent(cluster);
  const [one, hosts] = await Promise.all([
    get(`${base}/clusters/${number}`),
    get(`${base}/hosts?cluster=${number}&limit=${MOST_HOSTS}`),
  ]);
  return clusterDetail(run, one, hosts);
}

/** Events of simulated time hold what was at an end only when the next of their kind came. */
function lasting(events, type, word) {
  const own = events.filter((event) => event.type === type);
  return own.map((event, at) => ({
    word: event[word],
    from: event.time,
    to: own[at + 1]?.time ?? null,
    why: event.reason ?? event.info ?? '',
  }));
}

const since = (run, time) => span(Math.max(0, (time - Date.parse(run.startedAt)) / 1000));

function courseOf(run, title, rows) {
  if (rows.length === 0) return null;
  return table(
    title,
    [title, 'began after', 'lasted', '<why'],
    rows.map((row) =>
      tableRow(String(row.word), since(run, row.from), row.to === null ? 'so far' : span((row.to - row.from) / 1000), [
        row.why,
        'text long',
      ]),
    ),
  );
}

function eventsOf(run, events) {
  return el(
    'details',
    {},
    el('summary', {}, `Everything that happened: ${count(events.length)} events, simulated time`),
    table(
      'Events',
      ['after', '<what'],
      events.map((event) => tableRow(since(run, event.time), [eventText(event), 'text long'])),
    ),
  );
}

function clusterDetail(run, found, hosts) {
  if (!found || !hosts) return null;
  const { cluster: one, events } = found;
  return {
    title: `Cluster ${one.cluster}: ${one.name}`,
    nodes: [
      facts([
        ['phase', one.phase],
        ['state on the service', one.status],
        ['says', one.statusInfo],
        ['finalizing stage', one.finalizingStage],
        ['id', one.id],
        ['hosts', count(one.hosts)],
        ['why it failed', one.reason],
      ]),
      courseOf(run, 'phase', lasting(events, 'cluster.phase', 'phase')),
      courseOf(run, 'state', lasting(events, 'cluster.status', 'status')),
      hostTable(hosts.items),
      hosts.total > hosts.items.length &&
        el('p', { class: 'soft' }, `${count(hosts.items.length)} of ${count(hosts.total)} hosts.`),
      eventsOf(run, events),
    ],
  };
}

export const hostTable = (rows) =>
  table(
    'Hosts',
    ['host', 'cluster', '<role', '<phase', '<state', '<stage', '<last error'],
    rows.map((row) =>
      tableRow(
        linked({ host: String(row.host) }, `host ${row.host}`),
        linked({ cluster: String(row.cluster) }, String(row.cluster)),
        [row.role + (row.day2 ? ', day 2' : ''), 'text'],
        [row.phase, 'text'],
        [row.status ?? '', 'text'],
        [row.stage ?? '', 'text'],
        [row.error, row.error ? 'text long bad' : 'text'],
      ),
    ),
  );

function hostDetail(run, found) {
  if (!found) return null;
  const { host: one, events, processes } = found;
  return {
    title: `Host ${one.host}`,
    nodes: [
      facts([
        ['phase', one.phase],
        ['state on the service', one.status],
        ['says', one.statusInfo],
        ['stage', one.stage],
        ['role', one.role + (one.day2 ? ', day 2' : '')],
        ['id', one.id],
        ['cluster', linked({ cluster: String(one.cluster) }, `cluster ${one.cluster}`)],
        ['last error', one.error],
      ]),
      courseOf(run, 'phase', lasting(events, 'host.phase', 'phase')),
      courseOf(run, 'state', lasting(events, 'host.status', 'status')),
      courseOf(run, 'stage', lasting(events, 'host.stage', 'stage')),
      processes &&
        table(
          'Programs',
          ['program', 'CPU', 'memory', 'restarts'],
          Object.entries(processes.programs).map(([name, { cpuSeconds, memory, restarts }]) =>
            tableRow(name, span(cpuSeconds), memory ? inUnit(memory.resident, 'bytes') : '-', restarts ?? '-'),
          ),
        ),
      eventsOf(run, events),
    ],
  };
}
