import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fieldPaths, headerPattern, queryPattern, replaceIds } from './patterns.ts';

const mac = fc
  .array(fc.nat(255), { minLength: 6, maxLength: 6 })
  .map((bytes) => bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':'));
const variable = fc.oneof(
  fc.uuid(),
  mac,
  fc.ipV4(),
  fc.nat(65_535).map((port) => `10.0.0.1:${port}`),
  fc.integer({ min: 10_000 }).map(String),
  fc.array(fc.constantFrom(...'0123456789abcdef'), { minLength: 60, maxLength: 60 }).map((digits) => digits.join('')),
);
const constant = fc.constantFrom('/v2/hosts/', '/', '?x=', '&host_id=', ' ', '; boundary=', '@sha256:', ', ');
const texts = fc.array(fc.tuple(constant, variable), { maxLength: 6 });
const join = (parts: readonly (readonly [string, string])[]) => parts.flat().join('');

describe('replaceIds', () => {
  it('leaves nothing of what differs between hosts', () => {
    fc.assert(
      fc.property(texts, (parts) => {
        const replaced = replaceIds(join(parts));
        expect(replaced).not.toMatch(/\d{5}|[0-9a-f]{8}|\d\.\d/);
      }),
    );
  });

  it('keeps everything else', () => {
    fc.assert(
      fc.property(texts, (parts) => {
        const words = /\{(?:id|mac|address|number|hex)\}/g;
        expect(replaceIds(join(parts)).replaceAll(words, '')).toBe(parts.map(([text]) => text).join(''));
      }),
    );
    for (const text of ['Go-http-client/1.1', 'application/json', '4.20.8', 'quay.io/agent:v2.1', 'logs_type=host'])
      expect(replaceIds(text)).toBe(text);
  });

  it('changes nothing when done twice, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(texts.map(join), fc.string()), (text) => {
        expect(replaceIds(replaceIds(text))).toBe(replaceIds(text));
      }),
    );
  });

  it('makes texts equal that differ in their ids alone', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.uuid(), (one, other) => {
        expect(replaceIds(`/v2/infra-envs/${one}/hosts/${other}/x`)).toBe('/v2/infra-envs/{id}/hosts/{id}/x');
        expect(replaceIds(one.toUpperCase())).toBe('{id}');
      }),
    );
  });
});

describe('patterns of headers and queries', () => {
  it('never show a secret, and tell whether there is one', () => {
    expect(headerPattern('X-Secret-Key', 'hush')).toBe('{secret}');
    expect(headerPattern('x-secret-key', '')).toBe('');
    expect(headerPattern('Authorization', 'Bearer x')).toBe('{secret}');
  });

  it('say nothing of where the service is and how long a body is', () => {
    expect(headerPattern('Host', '10.0.0.1:80')).toBe(headerPattern('Host', 'service.test'));
    expect(headerPattern('Content-Length', '5')).toBe(headerPattern('Content-Length', '70000'));
    expect(headerPattern('Accept', 'application/json')).toBe('application/json');
    expect(queryPattern('/x?timestamp=1790000000&type=host')).toBe('timestamp={number}&type=host');
    expect(queryPattern('/x')).toBe('');
  });
});

describe('fieldPaths', () => {
  it('goes into lists and into texts that are JSON', () => {
    const output = JSON.stringify({ disks: [{ name: 'sda' }, { size_bytes: 1 }], boot: { pxe: '' } });
    expect([...fieldPaths({ exit_code: 0, output, error: '{no json' })]).toEqual([
      ...['exit_code', 'output', 'output.disks', 'output.disks[].name', 'output.disks[].size_bytes'],
      ...['output.boot', 'output.boot.pxe', 'error'],
    ]);
    expect([...fieldPaths('[{"a":1}]')]).toEqual(['[].a']);
    expect([...fieldPaths(null)]).toEqual([]);
  });

  it('names maps by what is the same for all hosts', () => {
    expect([...fieldPaths({ latency: { 'ae54f1a6-1de2-4b1b-8e9c-5d3f0a4c7a10': 1 } })]).toEqual([
      'latency',
      'latency.{id}',
    ]);
  });
});
