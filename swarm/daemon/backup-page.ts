/** The part of the page's script that shows a backup load; it uses what the rest of the script defines. */
export const BACKUP_SCRIPT = `
  const minutes = (value) => value < 60000 ? (value / 1000).toFixed(0) + ' s' : Math.floor(value / 60000) + 'm' + String(Math.floor(value / 1000) % 60).padStart(2, '0') + 's';
  const rate = (part) => part && part.of ? share(part.hits, part.of) : '-';
  const phaseRow = ({ phase, done, of, ms, deadlineMs, timedOut, details }) => el('div', { class: 'row phase' },
    el('span', {}, phase),
    el('div', { class: 'track' }, el('div', { class: 'fill' + (timedOut ? ' late' : ''), style: 'width:' + (of ? 100 * done / of : 0) + '%' })),
    el('span', {}, count(done) + ' / ' + count(of)),
    el('span', { class: timedOut ? 'bad' : 'soft' }, minutes(ms) + (deadlineMs === null ? '' : ' of ' + minutes(deadlineMs)) + (timedOut ? ', time was over' : '')),
    ...(details.length ? [el('span', { class: 'soft details' }, details.join(', '))] : []));
  // Time of the load's clock in which backups were watched.
  const watchedMs = ({ phases, progress }) => progress && progress.phase === 'watch' ? progress.elapsedMs
    : phases.filter(({ phase }) => phase === 'watch').reduce((sum, { startedAt, endedAt }) => sum + endedAt - startedAt, 0);
  function backupTiles(load) {
    const { figures } = load;
    if (!figures) return [];
    const { jobs, outcomes, stop, restore } = figures;
    const ended = jobs ? jobs.succeeded + jobs.failed : 0;
    return [el('section', { class: 'card wide' }, el('div', { class: 'tiles' },
      tile('workspaces ready', count(figures.load.ready) + ' / ' + count(figures.load.planned), figures.load.readyFailed + figures.load.readyTimedOut ? 'warn' : ''),
      ...(stop ? [tile('stopped', count(stop.stopped) + ' / ' + count(stop.requested))] : []),
      ...(jobs ? [
        tile('backed up, of the stopped', rate(figures.backedUp)),
        tile('Jobs succeeded, ' + count(jobs.succeeded) + ' of ' + count(jobs.total), rate(jobs.successRate)),
        tile('Jobs failed, ' + count(jobs.failed) + ' of ' + count(jobs.total), rate(jobs.failureRate),
          jobs.failed && figures.config.type !== 'incorrect' ? 'warn' : ''),
        tile('Jobs under way', count(jobs.unfinished)),
        tile('retries by pod', count(jobs.retries)),
        tile('Jobs ended a minute', watchedMs(load) ? (60000 * ended / watchedMs(load)).toFixed(1) : '-'),
        tile('never attempted', count(outcomes['never-attempted']))] : []),
      ...(restore ? [tile('restored, ' + count(restore.restored.hits) + ' of ' + count(restore.restored.of), rate(restore.restored), restore.failures.length ? 'warn' : '')] : []),
      tile('requests refused (429)', count(figures.api.refused), figures.api.refused ? 'warn' : '')))];
  }
  function backupTimes({ figures }) {
    if (!figures) return [];
    const { jobs, load, stop, restore } = figures;
    const times = [['creation of a workspace to Running', load.readyMs], ['stop to Stopped', stop && stop.stopMs],
      ['configuration to first Job', jobs && jobs.creationLagMs], ['Job waits for its container', jobs && jobs.waitMs],
      ['container runs', jobs && jobs.runMs], ['Job in all', jobs && jobs.totalMs],
      ['restore to Running', restore && restore.readyMs]].filter(([, spread]) => spread);
    if (times.length === 0) return [];
    const head = el('tr', {}, ...['time of', 'count', 'average', 'p50', 'p95', 'p99', 'max'].map((name) => el('th', {}, name)));
    return [el('section', { class: 'card wide' }, el('h2', {}, 'Times'), el('table', {}, head, ...times.map(([name, spread]) =>
      el('tr', {}, el('td', {}, name), el('td', {}, count(spread.count)),
        ...['average', 'p50', 'p95', 'p99', 'max'].map((part) => el('td', {}, ms(spread[part])))))))];
  }
  function backupResources({ figures }) {
    if (!figures) return [];
    const { operator, etcd, backupPods, operatorRestarts, etcdRestarts } = figures.resources;
    const rows = [['operator', operator, operatorRestarts], ['etcd', etcd, etcdRestarts], ['backup pods', backupPods, null]]
      .filter(([, usage]) => usage && usage.cpu && usage.memory);
    if (rows.length === 0) return [];
    const parts = ['average', 'p95', 'max'];
    const head = el('tr', {}, ...['of', 'samples', 'CPU average', 'p95', 'max', 'memory average', 'p95', 'max', 'restarts'].map((name) => el('th', {}, name)));
    return [el('section', { class: 'card wide' }, el('h2', {}, 'Resources'), el('table', {}, head, ...rows.map(([name, { cpu, memory }, restarts]) =>
      el('tr', {}, el('td', {}, name), el('td', {}, count(cpu.samples)), ...parts.map((part) => el('td', {}, cpu[part].toFixed(0) + 'm')),
        ...parts.map((part) => el('td', {}, memory[part].toFixed(0) + ' MiB')),
        el('td', restarts && restarts.restarts ? { class: 'bad' } : {}, restarts ? count(restarts.restarts) : '')))))];
  }
  function showBackup(load) {
    const now = load.progress && { ...load.progress, ms: load.progress.elapsedMs, timedOut: false };
    const over = load.phases.map((phase) => ({ ...phase, ms: phase.endedAt - phase.startedAt, details: [] }));
    document.getElementById('backup').replaceChildren(
      ...backupTiles(load),
      ...list('Reasons', 'bad', load.verdict === 'passed' ? [] : load.reasons),
      el('section', { class: 'card wide' }, el('h2', {}, 'Phases'), ...[...over, ...(now ? [now] : [])].map(phaseRow)),
      ...load.findings.map(({ topic, cause, evidence, advice }) => el('section', { class: 'card wide' }, el('h2', {}, topic),
        el('p', {}, cause), el('ul', { class: 'soft' }, ...evidence.map((line) => el('li', {}, line))), el('p', {}, advice))),
      ...backupTimes(load),
      ...backupResources(load));
  }
  // The newest load that has something to show; null where there is none, or nothing starts loads.
  async function newestBackup() {
    const loads = await get('/backups?limit=10') ?? [];
    const row = loads.find(({ state }) => state !== 'killed' && state !== 'unknown');
    return row ? await get('/backups/' + row.id) : null;
  }
`;
