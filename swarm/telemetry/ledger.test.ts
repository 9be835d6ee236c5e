import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LEDGER_FILE, Ledger, type LedgerHeader, parseEnd, parseLedger, readLedger } from './ledger.ts';
import { ownIdentity } from './process-identity.ts';

const HEADER: LedgerHeader = {
  ledger: 1,
  run: 'run-1',
  plan: 'test',
  seed: 'seed',
  shard: { index: 0, count: 1 },
  service: 'http://service',
  tls: {},
  clusters: 2,
  hosts: 6,
  startedAt: '2026-11-21T14:30:00.000Z',
  process: ownIdentity(),
};
const HEADER_LINE = `${JSON.stringify(HEADER)}\n`;

/** A ledger in memory, with what reached its file, write by write. */
function memory() {
  const writes: string[] = [];
  const failures: Error[] = [];
  const sink = { fail: null as Error | null, tear: 0 };
  const ledger = new Ledger({
    sink: (text) => {
      if (sink.fail) {
        if (sink.tear > 0) writes.push(text.slice(0, sink.tear));
        throw sink.fail;
      }
      writes.push(text);
    },
    onFailure: (error) => failures.push(error),
  });
  return { ledger, writes, failures, sink, text: () => HEADER_LINE + writes.join('') };
}

describe('writing', () => {
  it('has an object in the file before its maker may go on, and its id afterwards', async () => {
    const { ledger, text } = memory();
    const entry = await ledger.intend('cluster', 'a', { cluster: 3 });
    expect(parseLedger(text()).open).toEqual([
      { seq: 1, kind: 'cluster', name: 'a', attributes: { cluster: 3 }, id: null, unanswered: false },
    ]);
    entry.made('id-1');
    ledger.flush();
    expect(parseLedger(text()).open).toMatchObject([{ name: 'a', id: 'id-1' }]);
    expect(ledger.find('cluster', 'a')).toBe(entry);
    entry.gone();
    ledger.flush();
    expect(parseLedger(text()).open).toEqual([]);
    expect([...parseLedger(text()).madeIds]).toEqual(['id-1']);
    expect(ledger.open()).toEqual([]);
    expect(ledger.find('cluster', 'a')).toBeUndefined();
  });

  it('takes what ten thousand clusters intend at once to the kernel in one write', async () => {
    const { ledger, writes } = memory();
    await Promise.all(Array.from({ length: 10_000 }, (_, n) => ledger.intend('cluster', `c-${n}`)));
    expect(writes).toHaveLength(1);
    expect(ledger.open()).toHaveLength(10_000);
  });

  it('lets nothing be made that cannot be written down, says so once, and goes on when it can again', async () => {
    const { ledger, sink, failures, text } = memory();
    const before = await ledger.intend('cluster', 'before');
    sink.fail = new Error('ENOSPC: no space left on device');
    sink.tear = 20;
    await expect(ledger.intend('cluster', 'a')).rejects.toThrow(/can no longer be written down .*ENOSPC/);
    await expect(ledger.intend('cluster', 'b')).rejects.toThrow('ENOSPC');
    before.made('lost');
    ledger.flush();
    expect(failures).toHaveLength(1);
    expect(ledger.open().map(({ name }) => name)).toEqual(['before']);
    sink.fail = null;
    await ledger.intend('cluster', 'after');
    expect(parseLedger(text()).open.map(({ name }) => name)).toEqual(['before', 'after']);
  });

  it('refuses after the end', async () => {
    const { ledger, text } = memory();
    ledger.end({ ended: '2026-11-21T15:00:00.000Z', verdict: 'passed', reasons: [] });
    ledger.end();
    await expect(ledger.intend('cluster', 'late')).rejects.toThrow('the run is over');
    expect(parseLedger(text()).end).toMatchObject({ verdict: 'passed' });
    expect(parseEnd(text())).toMatchObject({ verdict: 'passed' });
  });
});

describe('on disk', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'swarm-ledger-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const unheard = (error: Error) => {
    throw error;
  };

  it('is made once, read by others while it grows, and continued by who cleans up', async () => {
    const ledger = Ledger.create(folder, HEADER, unheard);
    expect(() => Ledger.create(folder, HEADER, unheard)).toThrow('EEXIST');
    (await ledger.intend('cluster', 'ä')).made('c');
    await ledger.intend('infra-env', 'ä-infra-env');
    const seen = readLedger(folder);
    expect(seen).toMatchObject({ header: HEADER, end: null, open: [{ name: 'ä', id: 'c' }, { id: null }] });

    // Two clean-ups at once, one of them after a line that a kill has torn.
    writeFileSync(join(folder, LEDGER_FILE), `${readFileSync(join(folder, LEDGER_FILE))}{"seq":2,"ma`);
    const first = Ledger.reopen(folder, seen, unheard);
    const second = Ledger.reopen(folder, seen, unheard);
    first.open()[0]!.gone();
    second.open()[1]!.gone();
    first.end();
    second.end({ ended: 'then', verdict: 'failed', reasons: ['x'] });
    ledger.end();
    expect(readLedger(folder)).toMatchObject({ open: [], end: { verdict: 'failed' }, lastSeq: 2 });
  });

  it('knows what stands and is not as it shall be by now', async () => {
    const ledger = Ledger.create(folder, HEADER, unheard);
    const [a, b] = [await ledger.intend('Secret', 'a'), await ledger.intend('Secret', 'b')];
    a.made('uid-a');
    b.made('uid-b');
    a.markOutdated();
    ledger.end();
    const outdated = () => Object.fromEntries(readLedger(folder).open.map((one) => [one.name, one.outdated === true]));
    expect(outdated()).toEqual({ a: true, b: false });
    const same = Ledger.takeOver(
      folder,
      () => HEADER,
      () => {},
      unheard,
    );
    same.ledger.find('Secret', 'a')?.made('uid-a');
    same.ledger.end();
    expect(outdated()).toEqual({ a: false, b: false });
    const changed = Ledger.takeOver(
      folder,
      () => HEADER,
      () => {},
      unheard,
      () => true,
    );
    expect(changed.contents.open.map((one) => one.outdated)).toEqual([true, true]);
    changed.ledger.find('Secret', 'b')?.made('uid-b');
    changed.ledger.end();
    expect(outdated()).toEqual({ a: true, b: false });
  });

  it('is taken over whole by who goes on with the run, by one at a time, and only when it is over', async () => {
    const ledger = Ledger.create(folder, HEADER, unheard);
    (await ledger.intend('Secret', 'a/a', { version: 'v1' })).made('uid-a');
    (await ledger.intend('Secret', 'a/b')).gone();
    (await ledger.intend('Secret', 'a/c')).notAnswered();
    ledger.end();
    const before = readFileSync(join(folder, LEDGER_FILE), 'utf8');
    const header = { ...HEADER, startedAt: '2026-11-22T00:00:00.000Z' };
    const goesOn = () => {
      throw new Error('it goes on');
    };
    expect(() => Ledger.takeOver(folder, () => header, goesOn, unheard)).toThrow('it goes on');
    const part = join(folder, `${LEDGER_FILE}.part`);
    writeFileSync(part, '');
    expect(() =>
      Ledger.takeOver(
        folder,
        () => header,
        () => {},
        unheard,
      ),
    ).toThrow('another process is about to go on');
    expect(readFileSync(join(folder, LEDGER_FILE), 'utf8')).toBe(before);

    // One that was left by a kill.
    utimesSync(part, new Date(0), new Date(0));
    const next = Ledger.takeOver(
      folder,
      () => header,
      () => {},
      unheard,
    );
    expect(next.contents.open.map(({ name }) => name)).toEqual(['a/a', 'a/c']);
    next.ledger.find('Secret', 'a/c')?.made('uid-c');
    (await next.ledger.intend('Secret', 'a/d')).made('uid-d');
    next.ledger.end();
    expect(readLedger(folder)).toMatchObject({
      header,
      lastSeq: 4,
      open: [
        { seq: 1, name: 'a/a', id: 'uid-a', attributes: { version: 'v1' } },
        { seq: 3, name: 'a/c', id: 'uid-c', unanswered: true },
        { seq: 4, name: 'a/d', id: 'uid-d' },
      ],
    });
  });

  it('says when a folder has no ledger, or something else under its name', () => {
    expect(() => readLedger(folder)).toThrow('ENOENT');
    writeFileSync(join(folder, LEDGER_FILE), '{"ledger":2}\n');
    expect(() => readLedger(folder)).toThrow('the first line is not that of a ledger');
  });
});

/** What a maker may do with an object, in the order in which it can. */
const life = fc.record({
  name: fc.string({ minLength: 1, maxLength: 12 }),
  kind: fc.constantFrom('cluster', 'infra-env'),
  steps: fc.constantFrom<readonly ('notAnswered' | 'made' | 'gone')[]>(
    [],
    ['made'],
    ['gone'],
    ['notAnswered'],
    ['notAnswered', 'made'],
    ['made', 'gone'],
    ['notAnswered', 'made', 'gone'],
    ['notAnswered', 'gone'],
  ),
});

describe('whatever happens to the file', () => {
  it('gives what is open, for every order of events', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(life, { maxLength: 20 }), async (lives) => {
        const { ledger, text } = memory();
        for (const [n, { kind, name, steps }] of lives.entries()) {
          const entry = await ledger.intend(kind, name, { n });
          for (const step of steps) entry[step](`id-${n}`);
        }
        ledger.flush();
        const plain = ledger.open().map(({ seq, kind, name, attributes, id, unanswered }) => ({
          seq,
          kind,
          name,
          attributes,
          id,
          unanswered,
        }));
        expect(parseLedger(text()).open).toEqual(plain);
      }),
      { numRuns: 50 },
    );
  });

  it('never forgets an object that may have been made, at whatever byte the file was torn', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(life, { minLength: 1, maxLength: 8 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (lives, share) => {
          const { ledger, writes } = memory();
          /** Bytes in the file when each request may be sent. */
          const sentAt: number[] = [];
          const goneAt: number[] = [];
          const size = () => Buffer.byteLength(writes.join(''));
          for (const [n, { kind, name, steps }] of lives.entries()) {
            const entry = await ledger.intend(kind, name);
            sentAt[n] = size();
            for (const step of steps) {
              if (step === 'gone') goneAt[n] = size();
              entry[step](`id-${n}`);
            }
            ledger.flush();
          }
          const bytes = Buffer.from(writes.join(''));
          const kept = Math.floor(bytes.length * share);
          const { open } = parseLedger(HEADER_LINE + bytes.subarray(0, kept).toString());
          for (const n of lives.keys()) {
            const standing = kept >= sentAt[n]! && (goneAt[n] === undefined || kept <= goneAt[n]);
            if (standing) expect(open.map(({ seq }) => seq)).toContain(n + 1);
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it('passes over any damage', () => {
    const text = `${HEADER_LINE}{"seq":1,"intended":"cluster","name":"a"}\n`;
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (junk) => {
        const { open } = parseLedger(
          `${text}${junk.replaceAll('\n', ' ')}\n{"seq":9,"intended":"cluster","name":"z"}\n`,
        );
        expect(open.map(({ name }) => name)).toEqual(expect.arrayContaining(['a', 'z']));
      }),
    );
  });
});
