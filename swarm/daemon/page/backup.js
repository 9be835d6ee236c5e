/** A backup load: workspaces, Jobs, phases, causes. */
import { bar, byId, card, el, list, show, table, tableRow, tile } from './dom.js';
import { count, ms, share } from './words.js';

const minutes = (value) =>
  value < 60_000
    ? `${(value / 1000).toFixed(0)} s`
    : `${Math.floor(value / 60_000)}m${String(Math.floor(value / 1000) % 60).padStart(2, '0')}s`;
const rate = (part) => (part?.of ? share(part.hits, part.of) : '-');

const phaseRow = ({ phase, done, of, ms: took, deadlineMs, timedOut, details }) =>
  el(
    'div',
    { class: 'row phase' },
    el('span', {}, phase),
    bar(phase, done, of, timedOut),
    el('span', {}, `${count(done)} / ${count(of)}`),
    el(
      'span',
      { class: timedOut ? 'bad' : 'soft' },
      minutes(took) + (deadlineMs === null ? '' : ` of ${minutes(deadlineMs)}`) + (timedOut ? ', time was over' : ''),
    ),
    details.length > 0 && el('span', { class: 'soft details' }, details.join(', ')),
  );

/** Time of the load's clock in which backups were watched. */
const watchedMs = ({ phases, progress }) =>
  progress?.phase === 'watch'
    ? progress.elapsedMs
    : phases
        .filter(({ phase }) => phase === 'watch')
        .reduce((sum, { startedAt, endedAt }) => sum + endedAt - startedAt, 0);

function jobTiles(load) {
  const { jobs, outcomes, backedUp, config } = load.figures;
  const ended = jobs.succeeded + jobs.failed;
  return [
    tile('backed up, of the stopped', rate(backedUp)),
    tile(`Jobs succeeded, ${count(jobs.succeeded)} of ${count(jobs.total)}`, rate(jobs.successRate)),
    tile(
      `Jobs failed, ${count(jobs.failed)} of ${count(jobs.total)}`,
      rate(jobs.failureRate),
      jobs.failed && config.type !== 'incorrect' ? 'warn' : '',
    ),
    tile('Jobs under way', count(jobs.unfinished)),
    tile('retries by pod', count(jobs.retries)),
    tile('Jobs ended a minute', watchedMs(load) ? ((60_000 * ended) / watchedMs(load)).toFixed(1) : '-'),
    tile('never attempted', count(outcomes['never-attempted'])),
  ];
}

function tiles(load) {
  const { figures } = load;
  if (!figures) return false;
  const { jobs, stop, restore, load: workspaces } = figures;
  return el(
    'section',
    { class: 'card wide', 'aria-label': 'In short' },
    el(
      'div',
      { class: 'tiles' },
      tile(
        'workspaces ready',
        `${count(workspaces.ready)} / ${count(workspaces.planned)}`,
        workspaces.readyFailed + workspaces.readyTimedOut ? 'warn' : '',
      ),
      ...(stop ? [tile('stopped', `${count(stop.stopped)} / ${count(stop.requested)}`)] : []),
      ...(jobs ? jobTiles(load) : []),
      ...(restore
        ? [
            tile(
              `restored, ${count(restore.restored.hits)} of ${count(restore.restored.of)}`,
              rate(restore.restored),
              restore.failures.length ? 'warn' : '',
            ),
          ]
        : []),
      tile('requests refused (429)', count(figures.api.refused), figures.api.refused ? 'warn' : ''),
    ),
  );
}

function times({ figures }) {
  if (!figures) return false;
  const { jobs, load, stop, restore } = figures;
  const all = [
    ['creation of a workspace to Running', load.readyMs],
    ['stop to Stopped', stop?.stopMs],
    ['configuration to first Job', jobs?.creationLagMs],
    ['Job waits for its container', jobs?.waitMs],
    ['container runs', jobs?.runMs],
    ['Job in all', jobs?.totalMs],
    ['restore to Running', restore?.readyMs],
  ].filter(([, spread]) => spread);
  return (
    all.length > 0 &&
    card(
      'Times',
      table(
        'Times',
        ['time of', 'count', 'average', 'p50', 'p95', 'p99', 'max'],
        all.map(([name, spread]) =>
          tableRow(
            name,
            count(spread.count),
            ...['average', 'p50', 'p95', 'p99', 'max'].map((part) => ms(spread[part])),
          ),
        ),
      ),
    )
  );
}

function resources({ figures }) {
  if (!figures) return false;
  const { operator, etcd, backupPods, operatorRestarts, etcdRestarts } = figures.resources;
  const rows = [
    ['operator', operator, operatorRestarts],
    ['etcd', etcd, etcdRestarts],
    ['backup pods', backupPods, null],
  ].filter(([, usage]) => usage?.cpu && usage.memory);
  const parts = ['average', 'p95', 'max'];
  const heads = ['of', 'samples', 'CPU average', 'p95', 'max', 'memory average', 'p95', 'max', 'restarts'];
  return (
    rows.length > 0 &&
    card(
      'Resources',
      table(
        'Resources',
        heads,
        rows.map(([name, { cpu, memory }, restarts]) =>
          tableRow(
            name,
            count(cpu.samples),
            ...parts.map((part) => `${cpu[part].toFixed(0)}m`),
            ...parts.map((part) => `${memory[part].toFixed(0)} MiB`),
            [restarts ? count(restarts.restarts) : '', restarts?.restarts ? 'bad' : ''],
          ),
        ),
      ),
    )
  );
}

/** Shows a load; null shows none. */
export function showBackup(load) {
  if (!load) return show(byId('backup'));
  const now = load.progress && { ...load.progress, ms: load.progress.elapsedMs, timedOut: false };
  const over = load.phases.map((phase) => ({ ...phase, ms: phase.endedAt - phase.startedAt, details: [] }));
  return show(
    byId('backup'),
    tiles(load),
    ...list('Reasons', 'bad', load.verdict === 'passed' ? [] : load.reasons),
    card('Phases', ...[...over, ...(now ? [now] : [])].map(phaseRow)),
    ...load.findings.map(({ topic, cause, evidence, advice }) =>
      card(
        topic,
        el('p', {}, cause),
        el(
          'ul',
          { class: 'soft' },
          evidence.map((line) => el('li', {}, line)),
        ),
        el('p', {}, advice),
      ),
    ),
    times(load),
    resources(load),
  );
}
