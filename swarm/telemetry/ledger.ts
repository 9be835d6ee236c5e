/**
 * The ledger of what a run makes on a service or a hub: `ledger.ndjson` in the run's folder. An object is written down
 * before the request that makes it is sent, so that whatever happens to this process, what it may have made is known:
 *
 *    {"ledger":1,"run":…}                               once, first: which run, which service, which process
 *    {"seq":7,"intended":"cluster","name":…}            before the request is sent
 *    {"seq":7,"made":"<id>"}                            the service answered
 *    {"seq":7,"unanswered":true}                        a request may have made it, and nobody told us
 *    {"seq":7,"gone":true}                              it was removed, or is known never to have been made
 *    {"ended":"<time>","verdict":…}                     once, last: the run ended in order
 *
 * What is intended and not gone is open. An open entry without an id is in doubt: its object is looked for by name.
 *
 * Lines that are written in one turn of the event loop go out in one write(2). The kernel has them when that returns, and
 * keeps them when this process is killed; there is no fsync, because a machine that crashes takes the run's hosts with it
 * and the names can still be found by the seed.
 */
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { TlsOptions } from '../plan/connections.ts';
import type { ProcessIdentity } from './process-identity.ts';

export const LEDGER_FILE = 'ledger.ndjson';

/** How to come back to a hub. */
export interface LedgerHub {
  /** URL of the API server, without credentials. */
  server: string;
  /** Absolute path of the kubeconfig; null for what kubectl takes without being told. */
  kubeconfig: string | null;
  /** Context of the kubeconfig, also when it was its current one. */
  context: string | null;
  /** Value of the label of all objects of the run. */
  label: string;
}

/** First line: what is needed to come back later. Holds no secret. */
export interface LedgerHeader {
  ledger: 1;
  run: string;
  plan: string;
  seed: string;
  shard: { index: number; count: number };
  /** Base URL without credentials, or `embedded`. */
  service: string;
  tls: TlsOptions;
  /** Where custom resources are made; absent when none are. */
  hub?: LedgerHub;
  /** Digest of the manifests that are applied; absent when objects come from elsewhere. */
  manifests?: string;
  /** Of a backup load: its objects, and the operator's settings, are put back in another way than those of clusters. */
  backup?: true;
  clusters: number;
  hosts: number;
  /** RFC 3339. */
  startedAt: string;
  process: ProcessIdentity;
}

/** Last line. */
export interface LedgerEnd {
  /** RFC 3339. */
  ended: string;
  verdict: 'passed' | 'failed' | 'interrupted';
  reasons: readonly string[];
}

/** Further facts about an object that its remover needs (namespace, cluster of the plan …). */
export type LedgerAttributes = Readonly<Record<string, string | number>>;

/** What is written down of one object. */
export interface LedgerRecord {
  readonly seq: number;
  /** Which remover it is for: `cluster`, `infra-env` … */
  readonly kind: string;
  readonly name: string;
  readonly attributes: LedgerAttributes;
  /** Null while nobody has told us: perhaps it was never made. */
  readonly id: string | null;
  /** A request that may have made it was not answered: there may be one of its name beside that with the id. */
  readonly unanswered: boolean;
  /** It stands, and not, or perhaps not, as it shall be by now: a change was refused, or not asked for yet. */
  readonly outdated?: boolean;
}

/** One object, as its maker and its remover hold it. */
export interface LedgerEntry extends LedgerRecord {
  /** It stands as it shall be. */
  made(id: string): void;
  notAnswered(): void;
  markOutdated(): void;
  gone(): void;
  /** It was removed, or is known never to have been made. */
  readonly isGone: boolean;
}

type Line =
  | { seq: number; intended: string; name: string; attributes?: LedgerAttributes }
  | { seq: number; made: string }
  | { seq: number; unanswered: true }
  | { seq: number; outdated: true }
  | { seq: number; gone: true };

/** Takes whole lines; returns when the kernel has them. @throws when it has not, or has only a part. */
export type LedgerSink = (text: string) => void;

export interface LedgerOptions {
  sink: LedgerSink;
  close?: () => void;
  /** Told once when a line could not be written that nobody waits for. */
  onFailure: (error: Error) => void;
  /** Open entries and the highest number of a ledger that is continued. */
  from?: Pick<LedgerContents, 'open' | 'lastSeq'>;
}

export class Ledger {
  readonly #sink: LedgerSink;
  readonly #close: () => void;
  readonly #onFailure: (error: Error) => void;
  readonly #open = new Map<number, Entry>();
  readonly #byName = new Map<string, Entry>();
  #seq: number;
  #lines = '';
  /** Callers of `intend` whose lines wait. */
  #waiting: PromiseWithResolvers<void> | null = null;
  /** The last write failed: half a line may stand at the end of the file. */
  #torn = false;
  #failureTold = false;
  #closed = false;

  constructor({ sink, close = () => {}, onFailure, from }: LedgerOptions) {
    this.#sink = sink;
    this.#close = close;
    this.#onFailure = onFailure;
    this.#seq = from?.lastSeq ?? 0;
    // A file that is continued may end with half a line.
    this.#torn = from !== undefined;
    for (const record of from?.open ?? []) this.#remember(new Entry(this, record));
  }

  /** Makes the ledger of a new run. @throws when the file exists or cannot be written. */
  static create(folder: string, header: LedgerHeader, onFailure: (error: Error) => void): Ledger {
    const ledger = Ledger.#onFile(join(folder, LEDGER_FILE), 'ax', { onFailure });
    ledger.#lines = `${JSON.stringify(header)}\n`;
    ledger.#write();
    return ledger;
  }

  /** Goes on with the ledger of an earlier run, to write down what is removed. Several processes may do so at once. */
  static reopen(folder: string, contents: LedgerContents, onFailure: (error: Error) => void): Ledger {
    return Ledger.#onFile(join(folder, LEDGER_FILE), 'a', { onFailure, from: contents });
  }

  /**
   * Goes on with a run that is over under a new header: what it made stays known, what is gone is left out. The file is
   * replaced whole, so that one of the two stands whatever happens.
   * @param isOver looks at what the ledger says once nobody else can take it over; throws when the run goes on
   * @param isOutdated whether what was made is to be something else from now on
   * @throws Error when that throws, another process is about to take it over, or the file cannot be written
   */
  static takeOver(
    folder: string,
    headerOf: (contents: LedgerContents) => LedgerHeader,
    isOver: (contents: LedgerContents) => void,
    onFailure: (error: Error) => void,
    isOutdated: (contents: LedgerContents) => boolean = () => false,
  ): { ledger: Ledger; contents: LedgerContents } {
    const draft = join(folder, `${LEDGER_FILE}.part`);
    lockDraft(draft);
    try {
      const found = readLedger(folder);
      isOver(found);
      const outdated = isOutdated(found);
      const contents = { ...found, open: found.open.map((record) => (outdated ? { ...record, outdated } : record)) };
      const ledger = Ledger.#onFile(draft, 'a', { onFailure, from: contents });
      ledger.#lines = [headerOf(contents), ...contents.open.flatMap(linesOf)]
        .map((line) => `${JSON.stringify(line)}\n`)
        .join('');
      ledger.#torn = false;
      ledger.#write();
      renameSync(draft, join(folder, LEDGER_FILE));
      return { ledger, contents };
    } catch (error) {
      rmSync(draft, { force: true });
      throw error;
    }
  }

  static #onFile(path: string, flags: string, options: Pick<LedgerOptions, 'onFailure' | 'from'>): Ledger {
    const file = openSync(path, flags, 0o644);
    const sink = (text: string) => {
      const bytes = Buffer.from(text);
      for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
    };
    return new Ledger({ ...options, sink, close: () => closeSync(file) });
  }

  /**
   * Writes down that an object is about to be made. Its request may be sent when this resolves.
   * @throws Error when it cannot be written down; the object must not be made then.
   */
  async intend(kind: string, name: string, attributes: LedgerAttributes = {}): Promise<LedgerEntry> {
    if (this.#closed) throw new Error(`${kind} ${name} cannot be recorded: the run is over`);
    const entry = new Entry(this, {
      seq: ++this.#seq,
      kind,
      name,
      attributes,
      id: null,
      unanswered: false,
      outdated: false,
    });
    const some = Object.keys(attributes).length > 0;
    this.append({ seq: entry.seq, intended: kind, name, ...(some && { attributes }) });
    this.#waiting ??= Promise.withResolvers();
    await this.#waiting.promise;
    this.#remember(entry);
    return entry;
  }

  /** What was intended and is not gone, oldest first. */
  open(): LedgerEntry[] {
    return [...this.#open.values()];
  }

  /** The open entry of an object, when there is one. Names are unique within a kind of a run. */
  find(kind: string, name: string): LedgerEntry | undefined {
    return this.#byName.get(keyOf({ kind, name }));
  }

  /** Writes what waits and the last line, and closes the file. Changes after it are kept in memory only. Idempotent. */
  end(end?: LedgerEnd): void {
    if (this.#closed) return;
    if (end) this.#lines += `${JSON.stringify(end)}\n`;
    this.flush();
    this.#closed = true;
    this.#close();
  }

  /** For the entries. */
  append(line: Line): void {
    if (this.#closed) return;
    if (this.#lines === '') setImmediate(() => this.flush());
    this.#lines += `${JSON.stringify(line)}\n`;
  }

  /** For the entries. */
  forget(entry: Entry): void {
    this.#open.delete(entry.seq);
    const key = keyOf(entry);
    if (this.#byName.get(key) === entry) this.#byName.delete(key);
  }

  #remember(entry: Entry): void {
    this.#open.set(entry.seq, entry);
    this.#byName.set(keyOf(entry), entry);
  }

  /** Writes what waits, now; for a process that is about to exit. */
  flush(): void {
    if (this.#closed || this.#lines === '') return;
    const waiting = this.#waiting;
    this.#waiting = null;
    try {
      this.#write();
      waiting?.resolve();
    } catch (cause) {
      const error = new Error(
        `what the run makes can no longer be written down (${cause instanceof Error ? cause.message : String(cause)}), so it makes nothing more`,
        { cause },
      );
      waiting?.reject(error);
      if (this.#failureTold) return;
      this.#failureTold = true;
      this.#onFailure(error);
    }
  }

  #write(): void {
    const text = this.#torn ? `\n${this.#lines}` : this.#lines;
    this.#lines = '';
    this.#torn = true;
    this.#sink(text);
    this.#torn = false;
  }
}

/** Lines that say of an open entry what is known. */
function linesOf({ seq, kind, name, attributes, id, unanswered, outdated }: LedgerRecord): Line[] {
  const some = Object.keys(attributes).length > 0;
  return [
    { seq, intended: kind, name, ...(some && { attributes }) },
    ...(id === null ? [] : [{ seq, made: id }]),
    ...(unanswered ? [{ seq, unanswered } as const] : []),
    ...(outdated ? [{ seq, outdated: true } as const] : []),
  ];
}

/** Milliseconds after which a draft is one that a killed process has left: writing it takes far less. */
const DRAFT_MS = 60_000;

/** @throws Error while another process has the file. */
function lockDraft(draft: string): void {
  const found = statSync(draft, { throwIfNoEntry: false });
  if (found && Date.now() - found.mtimeMs > DRAFT_MS) rmSync(draft, { force: true });
  try {
    closeSync(openSync(draft, 'ax', 0o644));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    throw new Error('another process is about to go on with this run; wait until it is over', { cause });
  }
}

const keyOf = ({ kind, name }: Pick<LedgerRecord, 'kind' | 'name'>) => `${kind}\n${name}`;

class Entry implements LedgerEntry {
  readonly seq: number;
  readonly kind: string;
  readonly name: string;
  readonly attributes: LedgerAttributes;
  readonly #ledger: Ledger;
  #id: string | null;
  #unanswered: boolean;
  #outdated: boolean;
  #gone = false;

  constructor(ledger: Ledger, record: LedgerRecord) {
    this.#ledger = ledger;
    this.seq = record.seq;
    this.kind = record.kind;
    this.name = record.name;
    this.attributes = record.attributes;
    this.#id = record.id;
    this.#unanswered = record.unanswered;
    this.#outdated = record.outdated ?? false;
  }

  get id(): string | null {
    return this.#id;
  }

  get unanswered(): boolean {
    return this.#unanswered;
  }

  get outdated(): boolean {
    return this.#outdated;
  }

  made(id: string): void {
    this.#id = id;
    this.#outdated = false;
    this.#ledger.append({ seq: this.seq, made: id });
  }

  notAnswered(): void {
    if (this.#unanswered) return;
    this.#unanswered = true;
    this.#ledger.append({ seq: this.seq, unanswered: true });
  }

  markOutdated(): void {
    if (this.#outdated) return;
    this.#outdated = true;
    this.#ledger.append({ seq: this.seq, outdated: true });
  }

  get isGone(): boolean {
    return this.#gone;
  }

  gone(): void {
    this.#gone = true;
    this.#ledger.forget(this);
    this.#ledger.append({ seq: this.seq, gone: true });
  }
}

/** What a ledger says. */
export interface LedgerContents {
  header: LedgerHeader;
  /** Oldest first. */
  open: LedgerRecord[];
  /** Everything that ever had an id, removed or not. */
  madeIds: ReadonlySet<string>;
  /** Null while the run goes on, and of one that was killed. */
  end: LedgerEnd | null;
  lastSeq: number;
}

/**
 * Reads the ledger of a run's folder. Lines that are torn or damaged are passed over, which is safe: an object is made only
 * after its line was written whole, one whose id got lost is looked for by name, and removing may be repeated.
 * @throws Error when there is no ledger, or its first line is not one's.
 */
export function readLedger(folder: string): LedgerContents {
  return parseLedger(readFileSync(join(folder, LEDGER_FILE), 'utf8'));
}

/** @throws Error when the first line is not that of a ledger. */
export function parseLedger(text: string): LedgerContents {
  const lines = text.split('\n');
  const header = parseHeader(lines[0]!);
  const open = new Map<number, { -readonly [K in keyof LedgerRecord]: LedgerRecord[K] }>();
  const madeIds = new Set<string>();
  let end: LedgerEnd | null = null;
  let lastSeq = 0;
  for (const line of lines.slice(1)) {
    const value = parseLine(line);
    if (value === null) continue;
    if ('ended' in value) {
      end = value as unknown as LedgerEnd;
      continue;
    }
    const { seq, intended, name, attributes, made, unanswered, outdated, gone } = value;
    if (typeof seq !== 'number') continue;
    lastSeq = Math.max(lastSeq, seq);
    const record = open.get(seq);
    if (typeof intended === 'string' && typeof name === 'string') {
      open.set(seq, {
        seq,
        kind: intended,
        name,
        attributes: (attributes as LedgerAttributes | undefined) ?? {},
        id: null,
        unanswered: false,
      });
    } else if (typeof made === 'string') {
      madeIds.add(made);
      if (!record) continue;
      record.id = made;
      delete record.outdated;
    } else if (unanswered === true && record) record.unanswered = true;
    else if (outdated === true && record) record.outdated = true;
    else if (gone === true) open.delete(seq);
  }
  return { header, open: [...open.values()], madeIds, end, lastSeq };
}

/** The first line. @throws Error when it is not that of a ledger. */
export function parseHeader(line: string): LedgerHeader {
  const value = parseLine(line);
  if (value?.ledger !== 1) throw new Error('the first line is not that of a ledger this version can read');
  return value as unknown as LedgerHeader;
}

/** The end of a run in (a part of) its ledger; null when there is none. */
export function parseEnd(text: string): LedgerEnd | null {
  const at = text.lastIndexOf('\n{"ended":');
  if (at < 0) return null;
  const line = text.slice(at + 1, text.indexOf('\n', at + 1));
  return parseLine(line) as LedgerEnd | null;
}

function parseLine(line: string): Record<string, unknown> | null {
  if (!line.startsWith('{') || !line.endsWith('}')) return null;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null;
  }
}
