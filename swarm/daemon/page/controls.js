/** Start, pause, pace, stop: what the reader may do to a run. */
import { post, TokenNeeded } from './api.js';
import { byId } from './dom.js';

let run = null;
/** Told when something was done, with the run that was started. */
let done = () => {};

export function onDone(listener) {
  done = listener;
}

const path = (action) => `/runs/${encodeURIComponent(run.id)}/${action}`;

/** Does something, and tells what came of it at `place`. @returns what the daemon answered, or null */
async function attempt(place, action) {
  place.hidden = true;
  try {
    return await action();
  } catch (error) {
    place.textContent = error instanceof TokenNeeded ? 'this daemon needs a token' : error.message;
    place.hidden = false;
    return null;
  }
}

async function change(action) {
  const changed = await attempt(byId('said'), () => post(path(action)));
  if (changed) done();
}

/** @param given run that the buttons are about; null hides them */
export function showControls(given) {
  run = given;
  const underWay = Boolean(run?.mine) && ['starting', 'running', 'stopping', 'cleaning'].includes(run.state);
  const arrives = underWay && typeof run.pace === 'number';
  byId('stop').hidden = !underWay;
  byId('stop').disabled = run?.state === 'stopping';
  byId('pause').hidden = !arrives;
  byId('pace').hidden = !arrives;
  if (arrives) byId('pause').textContent = run.pace === 0 ? 'Resume arrivals' : 'Pause arrivals';
  if (arrives && run.pace > 0 && document.activeElement !== byId('factor')) byId('factor').value = String(run.pace);
  if (!underWay && byId('stop-dialog').open) byId('stop-dialog').close();
}

byId('pause').addEventListener('click', () =>
  change(`pace?factor=${run.pace === 0 ? Number(byId('factor').value) || 1 : 0}`),
);
byId('pace').addEventListener('submit', (event) => {
  event.preventDefault();
  void change(`pace?factor=${encodeURIComponent(byId('factor').value)}`);
});

byId('stop').addEventListener('click', () => byId('stop-dialog').showModal());
byId('stop-cancel').addEventListener('click', () => byId('stop-dialog').close());
byId('stop-now').addEventListener('click', () => {
  byId('stop-dialog').close();
  void change('stop');
});

byId('start').addEventListener('click', () => {
  byId('start-error').hidden = true;
  byId('start-dialog').showModal();
  byId('plan').focus();
});
byId('start-cancel').addEventListener('click', () => byId('start-dialog').close());
byId('plan-file').addEventListener('change', async ({ target }) => {
  const [file] = target.files;
  if (file) byId('plan').value = await file.text();
});
byId('start-form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const button = byId('start-now');
  button.disabled = true;
  const place = byId('start-error');
  const started = await attempt(place, () => post('/runs', byId('plan').value));
  button.disabled = false;
  if (started) {
    byId('start-dialog').close();
    done(started);
  } else selectPlace(place.textContent);
});

/** Puts the cursor where a message such as `plan:2:15: …` points to. */
function selectPlace(message) {
  const [, line, column] = /^plan:(\d+):(\d+):/.exec(message) ?? [];
  if (!line) return;
  const plan = byId('plan');
  const lines = plan.value.split('\n');
  const from = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0) + Number(column) - 1;
  plan.focus();
  plan.setSelectionRange(from, from + Math.max(1, (lines[line - 1] ?? '').length - Number(column) + 1));
}
