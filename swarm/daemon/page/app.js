/**
 * The page of the daemon: one look after the other, each begun only when the one before has its answers.
 *
 *   look ─→ launch? ─→ list of runs ─→ the chosen run, or the newest with numbers ─→ its parts ─┐
 *     ↑                                                                                          │
 *     └── a second later, or five times as long as the look took, and more while nobody sees it ←┘
 *
 * So a daemon that is slow to answer is asked less often, and a run that has ended is not asked for again.
 */
import { get, keepToken, save, TokenNeeded, token } from './api.js';
import { showBackup } from './backup.js';
import { showRows } from './browse.js';
import { onDone, showControls } from './controls.js';
import { showDetail } from './detail.js';
import { byId, el, show } from './dom.js';
import { lookAtLaunch } from './launch.js';
import { setBackground, showLoad } from './load-charts.js';
import { followEvents, forget } from './log.js';
import { showOverview } from './overview.js';
import { showServers } from './server-figures.js';
import { levelText, partName, span } from './words.js';

const LEAST_MS = 1000;
const HIDDEN_MS = 10_000;
/** A look is to take a sixth of the time at most. */
const REST = 5;
/** Runs that the reader can choose from, and of those the newest that are looked at for numbers. */
const LISTED = 50;
const TRIED = 10;
const LIST_MS = 3000;
const ROWS_MS = 3000;

const UNDER_WAY = new Set(['starting', 'running', 'stopping', 'cleaning']);
const badge = byId('badge');
/** What is shown: `{row, summary, load}`; summary of a run, load of a backup load. */
let current = null;
let runs = [];
let timer = null;
const lookedAt = { list: 0, rows: 0 };
let moved = false;
let looking = false;
let again = false;

const chosenRun = () => new URLSearchParams(location.hash.slice(1)).get('run') ?? '';

function tell(word, kind, title = word) {
  if (badge.textContent !== word) badge.textContent = word;
  badge.className = `badge ${kind}`;
  document.title = `${title} · assisted-swarm`;
}

async function listRuns() {
  if (Date.now() - lookedAt.list < LIST_MS) return;
  runs = (await get(`/runs?limit=${LISTED}`)) ?? [];
  lookedAt.list = Date.now();
  const chosen = chosenRun();
  const known = runs.some(({ id }) => id === chosen);
  const options = runs.map(({ id, plan, state, verdict, startedAt }) =>
    el('option', { value: id }, `${plan} · ${verdict ?? state} · ${startedAt.slice(0, 16).replace('T', ' ')} · ${id}`),
  );
  if (document.activeElement !== byId('runs')) {
    show(
      byId('runs'),
      el('option', { value: '' }, 'newest run'),
      options,
      chosen && !known && el('option', { value: chosen }, chosen),
    );
  }
  byId('runs').value = chosen;
}

async function numbersOf(row) {
  // What has ended stays as it is.
  if (current?.row.id === row.id && current.row.verdict !== null) return current;
  const path = encodeURIComponent(row.id);
  if (row.backup) {
    const load = await get(`/backups/${path}`);
    return load && { row: { ...row, verdict: load.verdict, state: load.state }, load };
  }
  const summary = await get(`/runs/${path}/summary`);
  return summary && { row, summary };
}

/** The chosen run, or what is under way, or what was last and has numbers; null when there is none. */
async function find() {
  const id = chosenRun();
  if (id !== '') {
    const row = await get(`/runs/${encodeURIComponent(id)}`);
    return row && ((await numbersOf(row)) ?? { row });
  }
  const order = [
    ...runs.filter(({ state }) => UNDER_WAY.has(state)),
    ...runs.filter(({ state }) => !UNDER_WAY.has(state)),
  ];
  for (const listed of order.slice(0, TRIED)) {
    const fresh = UNDER_WAY.has(listed.state)
      ? ((await get(`/runs/${encodeURIComponent(listed.id)}`)) ?? listed)
      : listed;
    const found = await numbersOf(fresh);
    if (found) return found;
  }
  return null;
}

function showLinks(row) {
  const base = row && `/api/v1/runs/${encodeURIComponent(row.id)}`;
  const links = [
    ...(row && !row.backup ? [[`${base}/report`, 'report', `report-${row.id}.html`]] : []),
    ...(row ? [[`${base}/summary`, 'summary as JSON', `summary-${row.id}.json`]] : []),
    ['/metrics', 'metrics', 'metrics.txt'],
    ['/api/v1/openapi.json', 'API description', 'openapi.json'],
    ['/api/v1/runs', 'runs', 'runs.json'],
    ['/api/v1/backups', 'backup loads', 'backups.json'],
  ];
  show(
    byId('links'),
    links.flatMap(([href, text, file], at) => [at > 0 && ' · ', el('a', { href, 'data-file': file }, text)]),
  );
}

function nothing(launches) {
  showBackup(null);
  forget();
  for (const id of ['detail', 'curves', 'browse']) byId(id).hidden = true;
  show(byId('middle'));
  byId('what').textContent = '';
  const chosen = chosenRun();
  if (launches) tell('launching', 'running', 'launch');
  else tell(chosen ? 'unknown run' : 'idle', 'interrupted');
  show(
    byId('top'),
    !launches &&
      el(
        'p',
        { class: 'soft wide' },
        chosen ? `There is no run ${chosen}.` : 'No run yet. Start one above, or post a plan to ',
        !chosen && el('code', {}, '/api/v1/runs'),
        !chosen && ', or a backup load to ',
        !chosen && el('code', {}, '/api/v1/backups'),
        !chosen && '.',
      ),
  );
}

function showWhat({ row, summary, load }) {
  const part = row.phase ? `, ${partName(row)}${summary ? levelOf(summary) : ''}` : '';
  tell(row.verdict ?? `${row.state}${part}`, row.verdict ?? 'running', row.verdict ?? row.state);
  const speed = summary?.clockSpeed ?? load?.figures?.clockSpeed ?? 1;
  byId('what').textContent = [
    row.plan,
    !row.backup && `seed ${row.seed}`,
    `${row.backup ? 'load' : 'run'} ${row.id}`,
    summary && `service ${summary.service}`,
    speed !== 1 && `time ×${speed}`,
    row.pace === 0 && 'arrivals are paused',
    row.pace > 0 && row.pace !== 1 && `arrivals ×${row.pace}`,
    summary && `begun ${summary.startedAt.slice(0, 19).replace('T', ' ')} UTC`,
    summary && `${span(summary.simulatedSeconds)} simulated`,
  ]
    .filter(Boolean)
    .join(', ');
}

function levelOf({ phases = [] }) {
  const text = levelText(phases.at(-1)?.level);
  return text && ` (${text})`;
}

async function showRun({ row, summary }) {
  const underWay = row.verdict === null && summary !== undefined;
  const fresh = moved;
  moved = false;
  if (summary) {
    setBackground(summary);
    showOverview(row, summary, underWay);
    // Charts are as wide as the place that they are shown in.
    byId('curves').hidden = (summary.series ?? []).length < 2;
    if (showLoad(summary)) showServers(summary);
  } else {
    show(
      byId('top'),
      el(
        'p',
        { class: 'soft wide' },
        `Run ${row.id} has no numbers: ${row.state === 'running' ? 'it goes on in another process, which has them' : 'it was killed before its end'}. Its clusters and hosts are below.`,
      ),
    );
    show(byId('middle'));
    byId('curves').hidden = true;
  }
  followEvents(row, underWay);
  const due = underWay ? Date.now() - lookedAt.rows > ROWS_MS : lookedAt.run !== row.id;
  if (due || fresh) {
    lookedAt.rows = Date.now();
    lookedAt.run = row.id;
    await showRows(row);
    await showDetail(row, summary ?? null, fresh);
  }
}

async function showAll() {
  const launches = await lookAtLaunch();
  await listRuns();
  const found = await find();
  const other = found?.row.id !== current?.row.id;
  const same = found !== null && found === current && !moved;
  current = found;
  byId('asks').replaceChildren();
  showControls(found && { ...found.row, mine: Boolean(found.summary ?? found.load) && found.row.verdict === null });
  if (same) return;
  showLinks(found?.row ?? null);
  if (!found) return nothing(launches);
  if (other) moved = true;
  showWhat(found);
  showBackup(found.load ?? null);
  if (!found.load) return showRun(found);
  forget();
  for (const id of ['detail', 'curves', 'browse']) byId(id).hidden = true;
  show(byId('top'));
  return show(byId('middle'));
}

async function look() {
  if (looking) {
    again = true;
    return;
  }
  looking = true;
  clearTimeout(timer);
  const begun = performance.now();
  try {
    await showAll();
  } catch (error) {
    if (error instanceof TokenNeeded) askForToken(error.wrong);
    // A fetch without any answer is a TypeError.
    else tell(error instanceof TypeError ? 'not reachable' : error.message, 'failed');
  }
  looking = false;
  const least = document.hidden ? HIDDEN_MS : LEAST_MS;
  timer = setTimeout(look, again ? 0 : Math.max(least, REST * (performance.now() - begun)));
  again = false;
}

/** At once: the reader has done something. */
function lookNow() {
  lookedAt.list = 0;
  void look();
}

function askForToken(wrong) {
  tell('token needed', 'failed');
  showControls(null);
  const said = `${wrong ? 'That token is wrong. ' : ''}This daemon needs a token. The daemon named its file when it started.`;
  if (byId('token')) {
    // What is being typed stays.
    if (wrong) byId('token').labels[0].textContent = said;
    return;
  }
  const input = el('input', { id: 'token', type: 'password', autocomplete: 'off' });
  const label = el('p', {}, el('label', { for: 'token' }, said));
  const form = el('form', { class: 'card' }, label, input, ' ', el('button', {}, 'Use it'));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    keepToken(input.value.trim());
    form.remove();
    lookNow();
  });
  byId('asks').replaceChildren(form);
  input.focus();
}

byId('runs').addEventListener('change', ({ target }) => {
  location.hash = target.value === '' ? '' : `#${new URLSearchParams({ run: target.value })}`;
});
addEventListener('hashchange', () => {
  moved = true;
  lookNow();
});
document.addEventListener('visibilitychange', () => document.hidden || lookNow());
document.querySelector('.skip').addEventListener('click', (event) => {
  event.preventDefault();
  byId('main').focus();
});
byId('links').addEventListener('click', (event) => {
  const { file } = event.target.dataset;
  if (!token() || !file) return;
  event.preventDefault();
  void save(event.target.href, file).catch((error) => tell(error.message, 'failed'));
});
onDone((started) => {
  if (started) location.hash = `#${new URLSearchParams({ run: started.id })}`;
  lookNow();
});
moved = location.hash !== '';
void look();
