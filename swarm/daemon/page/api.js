/** The daemon's API, with the token where it demands one. */
const BASE = '/api/v1';
const TOKEN_PROTOCOL = 'base64url.bearer.authorization.swarm.';

/** Thrown where the daemon demands a token, or another one. */
export class TokenNeeded extends Error {
  constructor(wrong) {
    super('token needed');
    this.wrong = wrong;
  }
}

export const token = () => sessionStorage.getItem('token');
export const keepToken = (value) => sessionStorage.setItem('token', value);

const headers = () => (token() ? { authorization: `Bearer ${token()}` } : {});

async function ask(path, options = {}) {
  const answer = await fetch(BASE + path, { ...options, headers: { ...headers(), ...options.headers } });
  if (answer.status !== 401) return answer;
  const { error } = await answer.json();
  throw new TokenNeeded(error?.code === 'wrong-token');
}

/** Null for what there is none of. @throws Error for what the daemon will not or cannot answer now */
export async function get(path) {
  const answer = await ask(path);
  if (answer.ok) return answer.json();
  if (answer.status === 404) return null;
  throw new Error(`the daemon answered ${answer.status}`);
}

/** @throws Error in the daemon's words */
export async function post(path, body) {
  const yaml = { 'content-type': 'application/yaml' };
  const answer = await ask(path, { method: 'POST', ...(body !== undefined && { body, headers: yaml }) });
  const given = await answer.json().catch(() => ({}));
  if (answer.ok) return given;
  throw new Error(given.error?.message ?? `the daemon answered ${answer.status}`);
}

/** A websocket of a run's events. */
export function eventSocket(run) {
  const url = `${location.origin.replace(/^http/, 'ws')}${BASE}/runs/${encodeURIComponent(run)}/events`;
  const encoded = token() && btoa(token()).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  return new WebSocket(url, encoded ? ['events.swarm', TOKEN_PROTOCOL + encoded] : ['events.swarm']);
}

/** Links carry no token: where one is demanded, what they lead to is fetched and saved. */
export async function save(href, name) {
  const answer = await fetch(href, { headers: headers() });
  if (!answer.ok) throw new Error(`the daemon answered ${answer.status} to ${href}`);
  const url = URL.createObjectURL(await answer.blob());
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
