/**
 * The page at `/`: the state of the launch, of the current run and of the current backup load, read from the API once a second. One document, nothing to load. It holds no data
 * and so is open to everybody; where the daemon demands a token, it asks its reader for it and keeps it for the tab.
 */
import { createHash } from 'node:crypto';
import { BACKUP_SCRIPT } from './backup-page.ts';

export const STATUS_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>assisted-swarm</title>
<style>
  :root { color-scheme: light dark; --ink: #1c2430; --soft: #667085; --line: #e4e7ec; --card: #fff; --page: #f6f7f9;
    --bar: #2e6fdb; --good: #1a7f4b; --bad: #c4320a; --warn: #b54708; }
  @media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #98a2b3; --line: #2b3340; --card: #171c24;
    --page: #0e1116; --bar: #5b93f0; --good: #4cc38a; --bad: #ff7a59; --warn: #f5b849; } }
  * { box-sizing: border-box; }
  body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.45 system-ui, sans-serif; }
  main { max-width: 1180px; margin: 0 auto; padding: 28px 20px 60px; }
  header { display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: baseline; margin-bottom: 20px; }
  h1 { font-size: 22px; margin: 0; letter-spacing: -.01em; }
  h2 { font-size: 13px; margin: 0 0 12px; color: var(--soft); font-weight: 600; text-transform: uppercase; letter-spacing: .05em; }
  .badge { border-radius: 99px; padding: 2px 12px; font-weight: 600; font-size: 13px; border: 1px solid currentColor; }
  .passed { color: var(--good); } .failed { color: var(--bad); } .interrupted { color: var(--warn); } .running { color: var(--bar); }
  .soft { color: var(--soft); }
  .grid { display: grid; gap: 16px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); }
  .card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 18px 20px; overflow-x: auto; }
  .wide { grid-column: 1 / -1; }
  .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 16px; }
  .tile b { display: block; font-size: 26px; font-weight: 650; letter-spacing: -.02em; font-variant-numeric: tabular-nums; }
  .row { display: grid; grid-template-columns: 130px 1fr 96px; gap: 12px; align-items: center; margin: 6px 0; }
  .row span:last-child { text-align: right; font-variant-numeric: tabular-nums; }
  .track { background: var(--line); border-radius: 6px; height: 12px; overflow: hidden; }
  .fill { background: var(--bar); height: 100%; border-radius: 6px; transition: width .6s; }
  .row.phase { grid-template-columns: 90px 1fr 110px 190px; } .row.phase span:nth-of-type(3) { text-align: right; } .fill.late { background: var(--bad); }
  .row.phase .details { grid-column: 2 / -1; text-align: left; }
  @media (max-width: 640px) {
    .row.phase { grid-template-columns: 80px 1fr auto; gap: 3px 12px; }
    .row.phase .track, .row.phase .details { grid-column: 1 / -1; order: 1; }
  }
  .course { display: flex; align-items: flex-end; gap: 1px; height: 34px; border-bottom: 1px solid var(--line); } .course i { flex: 1; min-width: 1px; background: var(--bar); }
  table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
  th, td { text-align: right; padding: 5px 10px; border-bottom: 1px solid var(--line); white-space: nowrap; }
  th { color: var(--soft); font-weight: 600; } th:first-child, td:first-child { text-align: left; padding-left: 0; }
  #launch:not(:empty), #backup:not(:empty) { margin-bottom: 16px; } td.text { text-align: left; white-space: normal; }
  .bad { color: var(--bad); } .warn { color: var(--warn); } ul { margin: 0; padding-left: 18px; } p, li { overflow-wrap: anywhere; }
  a { color: var(--bar); }
</style>
</head>
<body>
<main>
  <header><h1>assisted-swarm</h1><span id="badge" class="badge running" role="status">connecting</span>
    <span id="what" class="soft"></span></header>
  <div id="launch" class="grid" aria-live="off"></div>
  <div id="backup" class="grid" aria-live="off"></div>
  <div id="body" class="grid" aria-live="off"></div>
  <p class="soft"><a href="/metrics">metrics</a> · <a href="/api/v1/openapi.json">API description</a> · <a href="/api/v1/runs">runs</a> · <a href="/api/v1/backups">backup loads</a></p>
</main>
<script>
  const el = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  };
  const count = (value) => Math.round(value).toLocaleString('en-US');
  const ms = (value) => value < 10 ? value.toFixed(1) + ' ms' : value < 1000 ? value.toFixed(0) + ' ms' : (value / 1000).toFixed(1) + ' s';
  const long = (value) => value < 60000 ? ms(value) : Math.floor(value / 60000) + 'm' + String(Math.floor(value / 1000) % 60).padStart(2, '0') + 's';
  const share = (part, whole) => whole ? (100 * part / whole).toFixed(part && part / whole < .1 ? 2 : 1) + '%' : '-';
  const tile = (name, value, kind = '') => el('div', { class: 'tile' }, el('b', { class: kind }, value), el('span', { class: 'soft' }, name));
  const funnel = (title, steps) => el('section', { class: 'card' }, el('h2', {}, title), ...steps.map((step) =>
    el('div', { class: 'row' }, el('span', {}, step.name),
      el('div', { class: 'track' }, el('div', { class: 'fill', style: 'width:' + (step.of ? 100 * step.count / step.of : 0) + '%' })),
      el('span', {}, count(step.count) + ' / ' + count(step.of)))));
  const list = (title, kind, lines) => lines.length ? [el('section', { class: 'card wide' }, el('h2', {}, title),
    el('ul', { class: kind }, ...lines.map((line) => el('li', {}, line))))] : [];
  const some = (quantiles, name) => quantiles && quantiles.count ? ms(quantiles[name]) : '-';
  // A line for each figure: its course from left to right, and its highest value.
  const course = (points) => points.length < 5 ? [] : [el('section', { class: 'card wide' }, el('h2', {}, 'Over time'), ...[
    ['requests', (one) => one.requests / one.seconds, (value) => value.toFixed(1) + '/s'],
    ['p99 answered', (one) => one.p99, ms],
    ['refused', (one) => one.refused / one.seconds, (value) => value.toFixed(1) + '/s'],
    ['failed', (one) => one.failed / one.seconds, (value) => value.toFixed(1) + '/s'],
    ['own errors', (one) => one.ownErrors / one.seconds, (value) => value.toFixed(1) + '/s'],
    ['oldest wait', (one) => 1000 * one.oldestSeconds, long]].flatMap(([name, value, text]) => {
    const values = points.map(value), most = Math.max(...values);
    const bars = el('div', { class: 'course' }, ...values.map((one) => el('i', { style: 'height:' + (most ? Math.max(one ? 4 : 0, 100 * one / most) : 0) + '%' })));
    return most ? [el('div', { class: 'row' }, el('span', {}, name), bars, el('span', {}, text(most)))] : [];
  }))];
  const durations = (rows) => rows.length ? [el('section', { class: 'card wide' }, el('h2', {}, 'Cluster durations, simulated time'), el('table', {},
    el('tr', {}, ...['', 'clusters', 'p50', 'p95', 'p99', 'max'].map((name) => el('th', {}, name))), ...rows.map((row) => el('tr', {},
      el('td', {}, row.from + ' → ' + row.to), el('td', {}, count(row.duration.count)), ...['p50', 'p95', 'p99', 'max'].map((name) => el('td', {}, long(row.duration[name])))))))] : [];
  const badge = document.getElementById('badge');
  const get = async (path) => {
    const token = sessionStorage.getItem('token');
    const answer = await fetch('/api/v1' + path, token ? { headers: { authorization: 'Bearer ' + token } } : {});
    if (answer.status === 401) throw askForToken((await answer.json()).error.code === 'wrong-token');
    return answer.ok ? answer.json() : null;
  };
  const askForToken = (wrong) => {
    if (document.getElementById('token')) return 'asking';
    const input = el('input', { id: 'token', type: 'password', autocomplete: 'off', 'aria-label': 'token' });
    const form = el('form', { class: 'card wide' }, el('p', {},
      (wrong ? 'That token is wrong. ' : '') + 'This daemon needs a token. The daemon named its file when it started. '), input, ' ', el('button', {}, 'Use it'));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      sessionStorage.setItem('token', input.value.trim());
      form.remove();
      look();
    });
    document.getElementById('body').replaceChildren(form);
    input.focus();
    return 'asking';
  };
  const words = (phases) => Object.entries(phases).filter(([name, hosts]) => hosts && name !== 'planned' && name !== 'stopped')
    .map(([name, hosts]) => count(hosts) + ' ' + name).join(', ');
  // Whether this daemon launches hosts; null until that is known.
  let launches = null;
  async function lookAtLaunch() {
    if (launches === false) return;
    const launch = await get('/launch');
    launches ??= launch !== null;
    if (!launch) return;
    const rows = await get('/launch/infra-envs?limit=50') ?? [];
    const head = el('tr', {}, el('th', {}, 'InfraEnv'), el('th', {}, 'hosts'), el('th', {}, ''));
    document.title = 'launch · assisted-swarm';
    badge.textContent = 'launching';
    document.getElementById('launch').replaceChildren(
      el('section', { class: 'card wide' }, el('h2', {}, 'Launch'), el('div', { class: 'tiles' },
        tile('InfraEnvs with hosts', count(launch.launched) + ' / ' + count(launch.infraEnvs)),
        tile('InfraEnvs that wait', count(launch.waiting.length), launch.waiting.length ? 'warn' : ''),
        tile('hosts alive', count(launch.hosts))),
        el('p', { class: 'soft' }, words(launch.phases) || 'No hosts yet.')),
      ...(rows.length ? [el('section', { class: 'card wide' }, el('h2', {}, rows.length < launch.infraEnvs ?
        'InfraEnvs, ' + rows.length + ' of ' + count(launch.infraEnvs) : 'InfraEnvs'), el('table', {}, head, ...rows.map((row) => el('tr', {},
        el('td', {}, row.infraEnv), el('td', {}, count(row.hosts)),
        el('td', { class: 'text' + (row.waiting ? ' warn' : '') }, row.waiting || words(row.phases))))))] : []));
  }
${BACKUP_SCRIPT}
  let before = null;
  const tell = (one, what) => {
    const word = one.verdict ?? one.state;
    badge.textContent = word;
    badge.className = 'badge ' + (one.verdict ?? 'running');
    document.title = word + ' · assisted-swarm';
    document.getElementById('what').textContent = what;
  };
  async function look() {
    try {
      await lookAtLaunch();
      const load = await newestBackup();
      // The newest run that has numbers: those of other processes and those that were killed have none.
      let run, summary;
      for (run of (await get('/runs?limit=10')).filter(({ backup }) => !backup)) {
        summary = await get('/runs/' + run.id + '/summary');
        if (summary) break;
      }
      // What is under way is shown; else what was last.
      const goesOn = (one) => one && !one.verdict;
      const leads = load && (!summary || (goesOn(load) === goesOn(run) ? load.startedAt > run.startedAt : goesOn(load)));
      if (load && (leads || goesOn(load))) showBackup(load);
      else document.getElementById('backup').replaceChildren();
      const body = document.getElementById('body');
      if (leads) {
        tell(load, load.name + ', load ' + load.id + (load.figures && load.figures.clockSpeed !== 1 ? ', time ×' + load.figures.clockSpeed : ''));
        if (!goesOn(summary && run)) return body.replaceChildren();
      }
      if (!summary) {
        if (launches) return body.replaceChildren();
        badge.textContent = 'idle';
        if (body.childElementCount === 0) {
          body.replaceChildren(el('p', { class: 'soft' }, 'No run yet. Post a plan to ', el('code', {}, '/api/v1/runs'), ', or a backup load to ', el('code', {}, '/api/v1/backups'), '.'));
        }
        return;
      }
      if (!leads) {
        tell(run, summary.plan + ', seed ' + summary.seed + ', run ' + run.id + (summary.clockSpeed === 1 ? '' : ', time ×' + summary.clockSpeed));
      }
      const same = before && before.run === run.id && before.wallSeconds < summary.wallSeconds;
      const rate = same ? (summary.totals.requests - before.requests) / (summary.wallSeconds - before.wallSeconds) : summary.totals.rate;
      before = { run: run.id, requests: summary.totals.requests, wallSeconds: summary.wallSeconds };
      const head = el('tr', {}, ...['endpoint', 'count', 'rate', 'errors', 'p50', 'p95', 'p99', 'max', 'failed p99', 'success p99', 'max'].map((name) => el('th', {}, name)));
      const rows = summary.requests.map((row) => el('tr', {}, el('td', {}, row.client + ' · ' + row.endpoint),
        el('td', {}, count(row.count)), el('td', {}, row.rate.toFixed(1) + '/s'),
        el('td', { class: row.errors ? 'bad' : '' }, share(row.errors, row.count)),
        ...['p50', 'p95', 'p99', 'max'].map((name) => el('td', {}, some(row.sinceDue, name))),
        el('td', {}, some(row.failedSinceDue, 'p99')), el('td', {}, some(row.untilSuccess, 'p99')), el('td', {}, some(row.untilSuccess, 'max'))));
      const inFlight = (summary.underWay ?? []).reduce((sum, one) => sum + one.count, 0);
      const oldest = Math.max(0, ...(summary.underWay ?? []).map((one) => one.oldestSeconds));
      const errors = (own) => (summary.requestErrors ?? []).filter((one) => one.own === own).slice(0, 20).map((one) =>
        one.client + ' · ' + one.endpoint + ' · ' + one.code + ' · ' + count(one.count) + ' ×' + (one.message ? ': ' + one.message : '') + (one.expected ? ' (no fault: ' + one.expected + ')' : ''));
      const outages = (summary.outages ?? []).filter((one) => one.seconds >= 2).slice(0, 20).map((one) => 'no good answer for ' + long(1000 * one.seconds) +
        ' from ' + one.startedAt.slice(11, 19) + ' UTC, ' + long(1000 * one.afterSeconds) + ' after the start' + (one.failed ? ', ' + count(one.failed) + ' requests failed' : '') + (one.waiting ? ', up to ' + count(one.waiting) + ' waited at once' : ''));
      const waits = (summary.unanswered ?? []).filter((one) => one.seconds >= 2).map((one) => 'a request of ' + one.client + ' was unanswered for ' + long(1000 * one.seconds) + ' at ' + one.at.slice(11, 19) + ' UTC');
      body.replaceChildren(
        el('section', { class: 'card wide' }, el('div', { class: 'tiles' },
          tile('clusters installed', summary.clusters.installed + ' / ' + summary.clusters.planned),
          tile(run.verdict ? 'requests a second, mean' : 'requests a second', (run.verdict ? summary.totals.rate : rate).toFixed(0)),
          tile('p99 since due, answered', some(summary.totals.sinceDue, 'p99')),
          tile('in flight' + (oldest ? ', oldest ' + long(1000 * oldest) : ''), count(inFlight), oldest > 5 ? 'bad' : ''),
          tile('errors', share(summary.totals.errors, summary.totals.requests), summary.totals.errors ? 'warn' : ''),
          tile('polls late, p99', some(summary.pollLateness, 'p99')),
          tile('open connections', count(summary.connections.open)))),
        ...list('Reasons', 'bad', run.verdict === 'passed' ? [] : summary.reasons),
        ...list('Outages', 'bad', outages.concat(waits)),
        ...course(summary.series ?? []),
        funnel('Hosts', summary.hostFunnel), funnel('Clusters', summary.clusterFunnel),
        el('section', { class: 'card wide' }, el('h2', {}, 'Requests answered, since due; failed attempts; until success, retries included'), el('table', {}, head, ...rows)),
        ...list('Request errors', 'warn', errors(false)), ...list('Errors of the generator itself', 'bad', errors(true)),
        ...durations(summary.clusterDurations ?? []),
        ...list('Failed clusters', 'bad', summary.failures.slice(0, 20).map((one) => one.name + ': ' + one.reason)),
        ...list('Not as real agents', 'warn', summary.deviations));
    } catch (error) {
      badge.textContent = error === 'asking' ? 'token needed' : 'not reachable';
      badge.className = 'badge failed';
    }
  }
  look();
  setInterval(look, 1000);
</script>
</body>
</html>
`;

const SCRIPT_DIGEST = createHash('sha256')
  .update(/<script>([\s\S]*)<\/script>/.exec(STATUS_PAGE)![1]!)
  .digest('base64');

/** Sent with the page: only its own script runs, it speaks to its own origin alone, and nobody may put it into a frame. */
export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; script-src 'sha256-${SCRIPT_DIGEST}'; style-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'x-frame-options': 'DENY',
} as const;
