/** Events of the run under way, as its websocket sends them: the last few thousand, filtered here. */
import { eventSocket } from './api.js';
import { byId, el, show } from './dom.js';
import { linked } from './overview.js';
import { count, levelText, partName, span } from './words.js';

/** That are kept, and that are shown at once. */
const KEPT = 5000;
const SHOWN = 200;
const DRAW_MS = 500;
const AGAIN_MS = 3000;
/** Code of a websocket that ended because its run did (docs/operation.md). */
const RUN_OVER = 1000;

const form = byId('log-form');
const { text, type, cluster, host, hold } = form.elements;
let events = [];
let seen = 0;
let types = new Set();
let run = null;
let socket = null;
let state = '';
let drawing = false;

/** An event in words. */
export function eventText(event) {
  const { type: of, info = '', reason = '', message = '' } = event;
  const why = reason || info || message;
  const what =
    {
      'run.phase': () => [partName(event), levelText(event.level)].filter(Boolean).join(', '),
      'run.pace': () => (event.factor === 0 ? 'arrivals paused' : `arrivals ${event.factor} times as fast as planned`),
      'run.started': () => `${event.plan}, ${count(event.clusters)} clusters, ${count(event.hosts)} hosts`,
      'run.ended': () => [event.verdict, ...event.reasons].join('; '),
      'worker.lost': () => `worker ${event.worker}`,
    }[of]?.() ??
    event.phase ??
    event.status ??
    event.stage ??
    event.kind ??
    (event.state === null ? 'gone' : (event.state ?? ''));
  return [`${of}: ${what}`, why].filter(Boolean).join(' · ');
}

const matches = (wanted) => (event) =>
  (type.value === '' || event.type === type.value) &&
  (cluster.value === '' || event.cluster === Number(cluster.value)) &&
  (host.value === '' || event.host === Number(host.value)) &&
  (wanted === '' || JSON.stringify(event).toLowerCase().includes(wanted));

function draw() {
  drawing = false;
  if (run === null) return;
  for (const name of types)
    if (![...type.options].some(({ value }) => value === name)) type.add(new Option(name, name));
  const found = events.filter(matches(text.value.trim().toLowerCase()));
  const shown = found.slice(-SHOWN).reverse();
  const since = (time) => span(Math.max(0, (time - Date.parse(run.startedAt)) / 1000));
  if (!hold.checked) {
    show(
      byId('events'),
      shown.map((event) =>
        el(
          'li',
          {},
          el('span', { class: 'soft' }, `${since(event.time)} `),
          'cluster' in event && linked({ cluster: String(event.cluster) }, `cluster ${event.cluster}`),
          'cluster' in event && ' ',
          'host' in event && linked({ host: String(event.host) }, `host ${event.host}`),
          'host' in event && ' ',
          eventText(event),
        ),
      ),
    );
  }
  byId('log-state').textContent =
    `${state}${count(found.length)} of the last ${count(events.length)} events match` +
    `${found.length > SHOWN ? `; the newest ${SHOWN} are shown` : ''}${seen > events.length ? `; ${count(seen)} came in all` : ''}. Times are simulated, since the start.`;
}

function drawSoon() {
  if (drawing) return;
  drawing = true;
  setTimeout(draw, DRAW_MS);
}

/** Follows a run; what was kept of another one is dropped. @param underWay in this daemon */
export function followEvents(given, underWay) {
  if (run?.id !== given.id) {
    forget();
    run = given;
  }
  byId('log').hidden = !underWay && events.length === 0;
  if (underWay && socket === null) connect();
}

/** No run is shown. */
export function forget() {
  const old = socket;
  socket = null;
  run = null;
  old?.close();
  events = [];
  seen = 0;
  types = new Set();
  state = '';
  byId('log').hidden = true;
}

function connect() {
  const own = eventSocket(run.id);
  socket = own;
  own.addEventListener('message', ({ data }) => {
    if (socket !== own) return;
    const event = JSON.parse(data);
    events.push(event);
    seen++;
    types.add(event.type);
    if (events.length >= 2 * KEPT) events = events.slice(-KEPT);
    drawSoon();
  });
  own.addEventListener('open', () => {
    if (socket === own) drawSoon();
  });
  own.addEventListener('close', ({ code, reason }) => {
    if (socket !== own) return;
    state =
      code === RUN_OVER
        ? 'The run is over. '
        : `The connection was lost (${reason || code}); events are missing here. `;
    drawSoon();
    // The daemon may be busy, or gone.
    if (code === RUN_OVER) return;
    setTimeout(() => {
      if (socket === own) socket = null;
    }, AGAIN_MS);
  });
}

form.addEventListener('input', draw);
form.addEventListener('submit', (event) => event.preventDefault());
