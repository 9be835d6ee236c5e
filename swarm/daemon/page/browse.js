/** Lists of a run's clusters and hosts, filtered by the daemon. */
import { get } from './api.js';
import { hostTable } from './detail.js';
import { byId, el, show, table, tableRow } from './dom.js';
import { linked } from './overview.js';
import { CLUSTER_PHASES, HOST_PHASES } from './phases.js';
import { count } from './words.js';

const PAGE = 25;
const PHASES = { clusters: CLUSTER_PHASES, hosts: HOST_PHASES };
const form = byId('browse-form');
const { rows: kind, phase, cluster } = form.elements;
let offset = 0;
let run = null;

/** Lists rows of a run; again and again while it is under way. */
export async function showRows(given) {
  if (given.id !== run?.id) offset = 0;
  run = given;
  const query = new URLSearchParams({
    limit: PAGE,
    offset,
    ...(phase.value && { phase: phase.value }),
    ...(cluster.value && cluster.validity.valid && { cluster: cluster.value }),
  });
  const asked = `${kind.value}?${query}`;
  const page = await get(`/runs/${encodeURIComponent(run.id)}/${asked}`);
  byId('browse').hidden = page === null;
  if (page === null) return;
  show(byId('rows'), kind.value === 'hosts' ? hostTable(page.items) : clusterTable(page.items));
  byId('page-of').textContent =
    page.total === 0 ? 'none' : `${count(offset + 1)} to ${count(offset + page.items.length)} of ${count(page.total)}`;
  byId('previous').disabled = offset === 0;
  byId('next').disabled = offset + PAGE >= page.total;
}

const clusterTable = (rows) =>
  table(
    'Clusters',
    ['cluster', '<phase', '<state', 'hosts', '<says'],
    rows.map((row) =>
      tableRow(
        linked({ cluster: String(row.cluster) }, `${row.cluster} · ${row.name}`),
        [row.phase, row.phase === 'failed' ? 'text bad' : 'text'],
        [row.status ?? '', 'text'],
        count(row.hosts),
        [row.reason || row.statusInfo, 'text long'],
      ),
    ),
  );

function fillPhases() {
  phase.replaceChildren(
    el('option', { value: '' }, 'any'),
    ...PHASES[kind.value].map((name) => el('option', {}, name)),
  );
}

const again = () => run && void showRows(run).catch(() => {});
kind.addEventListener('change', fillPhases);
form.addEventListener('submit', (event) => event.preventDefault());
form.addEventListener('input', () => {
  offset = 0;
  again();
});
const turn = (by) => () => {
  offset = Math.max(0, offset + by);
  again();
};
byId('previous').addEventListener('click', turn(-PAGE));
byId('next').addEventListener('click', turn(PAGE));
fillPhases();
