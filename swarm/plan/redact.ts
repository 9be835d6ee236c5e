/**
 * The one place that decides what may be shown. Whatever leaves the program (files, log lines, answers, events, messages) passes
 * one of these:
 *
 *   a plan            → redactPlan     secrets by their keys
 *   a URL             → redactUrl      user and password
 *   text              → redactText     the same, of every URL in it
 *   text or data      → Redactor       that, and every occurrence of a plan's secrets, for example in a body that a service
 *                                      echoed and an error message quotes
 */
import type { ClusterPlan, CollectTargets, ExpandedPlan } from './expanded-plan.ts';

/** What stands where a secret stood. */
export const REDACTED = '(redacted)';

/** Shorter values are words that occur by chance: hiding them would spoil texts and protect nothing. */
const SHORTEST_SECRET = 6;
/** Characters of a secret's piece beside a gap; what is quoted of an answer is shorter. */
const LONGEST_PIECE = 1024;

/** Keys of data that hold words of ours, which tell programs what the rest means. */
const WORDS: ReadonlySet<string> = new Set([
  'type',
  'phase',
  'status',
  'state',
  'of',
  'stage',
  'role',
  'kind',
  'verdict',
  'result',
  'client',
  'endpoint',
  'method',
  'startedAt',
]);

/**
 * A URL, or what was given as one, without user and password (whatever stands before the last `@`) and without the tokens with
 * which the service signs addresses of an infra-env's files.
 */
export function redactUrl(url: string): string {
  return withoutTokens(url.replace(/^(\s*(?:https?:|[a-z][a-z0-9+.-]*:(?=[\\/]))[\\/]*)?[\s\S]*@/i, `$1${REDACTED}@`));
}

/**
 * Hides what signs an address: openshift/assisted-service internal/gencrypto/token.go SignURL and SignURLWithToken, and
 * openshift/assisted-image-service, whose paths hold it.
 */
function withoutTokens(text: string): string {
  return text.replace(/([?&](?:api_key|image_token)=|\/(?:byapikey|bytoken)\/)[^&#/\s"'<>`]+/gi, `$1${REDACTED}`);
}

/**
 * Text in which every URL has lost user, password and tokens. A URL's authority ends at the first slash, question or number sign; where it
 * could not be one by what stands before (a password with a slash in it), the last `@` of the word counts. Takes a time that grows
 * with the text's length alone, whatever the text.
 */
export function redactText(text: string): string {
  const signed = withoutTokens(text);
  if (!signed.includes('@')) return signed;
  return signed
    .split(/([\s"'<>`]+)/)
    .map(redactWord)
    .join('');
}

function redactWord(word: string): string {
  const scheme = /:[\\/]{2}[\\/]*/.exec(word);
  const end = word.lastIndexOf('@');
  const start = scheme ? scheme.index + scheme[0].length : end;
  if (!scheme || start > end) return word;
  const before = word.slice(start, end);
  const [authority = ''] = before.split(/[/?#]/, 1);
  const inAuthority = authority.lastIndexOf('@');
  const rest = inAuthority >= 0 && authority !== before ? `@${before.slice(inAuthority + 1)}` : '';
  const isHost = authority !== before && inAuthority < 0 && /^(\[[0-9a-f:.]+\]|[\w.-]+)(:\d*)?$/i.test(authority);
  return isHost ? word : `${word.slice(0, start)}${REDACTED}${rest}${word.slice(end)}`;
}

/** Clusters in one piece of a plan's text. */
const CLUSTERS_A_PIECE = 1000;

/**
 * The text of a plan that may be shown and written, as JSON in pieces: that of a million clusters is longer than a string
 * may be.
 */
export function* redactedPlanText(plan: ExpandedPlan): Generator<string> {
  const { clusters } = plan;
  const { clusters: _, ...rest } = redactPlan({ ...plan, clusters: [] });
  const redactor = Redactor.of(plan);
  yield `${JSON.stringify(rest, null, 1).slice(0, -2)},\n "clusters": [`;
  for (let first = 0; first < clusters.length; first += CLUSTERS_A_PIECE) {
    const some = clusters.slice(first, first + CLUSTERS_A_PIECE);
    let text = joined(some);
    // Looking at each value of a million clusters takes a minute; hardly any has something to hide.
    if (redactor.text(text) !== text) text = joined(redactor.data(some));
    yield `${first === 0 ? '' : ','}\n  ${text}`;
  }
  yield '\n ]\n}\n';
}

function joined(clusters: readonly ClusterPlan[]): string {
  return clusters.map((cluster) => JSON.stringify(cluster)).join(',\n  ');
}

/** A copy of a plan that may be shown and written: secrets are replaced, empty ones stay empty. */
export function redactPlan(plan: ExpandedPlan): ExpandedPlan {
  const hide = (secret: string) => (secret === '' ? '' : REDACTED);
  const shown = Redactor.of(plan).data(plan);
  return {
    ...shown,
    pullSecret: hide(plan.pullSecret),
    // A values file may hold a pull secret and passwords of its own.
    manifests: {
      templates: shown.manifests.templates,
      values: plan.manifests.values && { ...plan.manifests.values, text: REDACTED },
    },
    collect: {
      ...shown.collect,
      database: plan.collect.database === null ? null : redactUrl(plan.collect.database),
    },
    service: {
      ...shown.service,
      url: redactUrl(plan.service.url),
      agentToken: hide(plan.service.agentToken),
      userAuthorization: hide(plan.service.userAuthorization),
    },
  };
}

/** Hides given secrets wherever they occur. */
export class Redactor {
  readonly #secrets: readonly string[];

  /** @param secrets those shorter than 6 characters are left out */
  constructor(secrets: Iterable<string>) {
    const forms = new Set([...secrets].filter((secret) => secret.length >= SHORTEST_SECRET).flatMap(formsOf));
    // The longest first: one may hold another.
    this.#secrets = [...forms].sort((a, b) => b.length - a.length);
  }

  /** Of a plan: its pull secrets with the passwords in them, tokens, the user's authorization, and what its URL holds. */
  static of(plan: ExpandedPlan): Redactor {
    return new Redactor(secretsOf(plan));
  }

  /** Of what a service is reached with. */
  static ofService(service: Pick<ExpandedPlan['service'], 'url' | 'userAuthorization'>): Redactor {
    return new Redactor(serviceSecrets(service));
  }

  /** Text without secrets, and without user and password in URLs. */
  text(text: string): string {
    if (this.#secrets.length === 0) return redactText(text);
    // One after the other: a pull secret is longer than what a regular expression may be.
    const whole = this.#secrets.reduce((rest, secret) => rest.replaceAll(secret, REDACTED), text);
    return redactText(this.#withoutPieces(whole));
  }

  /** A copy of plain data in which every text is redacted, but for keys and {@link WORDS}. What has nothing to hide is itself. */
  data<T>(value: T): T {
    if (typeof value === 'string') return this.text(value) as T;
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return mapped(value, (one) => this.data(one)) as T;
    const changed: [string, unknown][] = [];
    for (const [key, before] of Object.entries(value)) {
      const after = WORDS.has(key) && typeof before === 'string' ? before : this.data(before);
      if (after !== before) changed.push([key, after]);
    }
    return changed.length === 0 ? value : { ...value, ...Object.fromEntries(changed) };
  }

  /** Long answers are quoted without their middle: the beginning of a secret may stand before the gap, and its end after it. */
  #withoutPieces(text: string): string {
    if (!text.includes('…')) return text;
    return text
      .split('…')
      .map((part, i, { length }) => {
        const head = i < length - 1 ? this.#withoutEnd(part) : part;
        return i > 0 ? this.#withoutStart(head) : head;
      })
      .join('…');
  }

  /** Without the first characters of a secret that `text` ends with. */
  #withoutEnd(text: string): string {
    const body = text.trimEnd();
    for (const secret of this.#secrets) {
      for (let size = Math.min(secret.length - 1, body.length, LONGEST_PIECE); size >= SHORTEST_SECRET; size--) {
        if (!body.endsWith(secret.slice(0, size))) continue;
        return `${body.slice(0, -size)}${REDACTED}${text.slice(body.length)}`;
      }
    }
    return text;
  }

  /** Without the last characters of a secret that `text` begins with. */
  #withoutStart(text: string): string {
    const body = text.trimStart();
    for (const secret of this.#secrets) {
      for (let size = Math.min(secret.length - 1, body.length, LONGEST_PIECE); size >= SHORTEST_SECRET; size--) {
        if (!body.startsWith(secret.slice(-size))) continue;
        return `${text.slice(0, text.length - body.length)}${REDACTED}${body.slice(size)}`;
      }
    }
    return text;
  }
}

/** Maps; gives the array itself when nothing changed. */
function mapped<T>(array: readonly T[], change: (one: T) => T): readonly T[] {
  const after = array.map(change);
  return after.some((one, i) => one !== array[i]) ? after : array;
}

/** A secret as it is, as it stands in JSON, and as it stands in a URL. */
function formsOf(secret: string): string[] {
  return [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)];
}

function secretsOf({ pullSecret, service, manifests, collect }: ExpandedPlan): string[] {
  const others = manifests.secrets ?? [];
  return [
    ...[pullSecret, ...others].flatMap((secret) => [secret, ...credentialsIn(secret)]),
    service.agentToken,
    ...serviceSecrets(service),
    ...collectedUrls(collect).flatMap(passwordsIn),
  ];
}

/** That may hold a password. */
function collectedUrls({ service, controllers, imageService, database, prometheus }: CollectTargets): string[] {
  const urls = [service, controllers, imageService, database, prometheus?.url];
  return urls.filter((url) => typeof url === 'string');
}

function serviceSecrets({
  url,
  userAuthorization,
}: Pick<ExpandedPlan['service'], 'url' | 'userAuthorization'>): string[] {
  return [...authorizationParts(userAuthorization), ...passwordsIn(url)];
}

/** `Bearer x` → x too; of `Basic x` also what x stands for. */
function authorizationParts(header: string): string[] {
  const value = /^\S+\s+(.*)$/.exec(header)?.[1];
  return value === undefined ? [header] : [header, value, ...basicParts(value)];
}

/** Every text in a pull secret but for the names of registries: `auth`, and what it stands for. */
function credentialsIn(pullSecret: string): string[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(pullSecret);
  } catch {
    return [];
  }
  const auths = (parsed as { auths?: unknown } | null)?.auths;
  if (typeof auths !== 'object' || auths === null) return [];
  return Object.values(auths).flatMap((entry: unknown) =>
    Object.entries(entry ?? {}).flatMap(([key, value]: [string, unknown]) =>
      typeof value !== 'string' || key === 'email' ? [] : [value, ...basicParts(value)],
    ),
  );
}

/** Of base64 of `user:password`: that, and the password alone. */
function basicParts(encoded: string): string[] {
  const decoded = Buffer.from(encoded, 'base64').toString();
  const colon = decoded.indexOf(':');
  return colon < 0 || decoded.includes('\ufffd') ? [] : [decoded, decoded.slice(colon + 1)];
}

function passwordsIn(url: string): string[] {
  const parsed = URL.parse(url);
  if (!parsed?.password) return [];
  const { password } = parsed;
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password];
  }
}
