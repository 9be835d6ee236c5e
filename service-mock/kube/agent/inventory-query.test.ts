import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesQuery, QueryError } from './inventory-query.ts';

const INVENTORY = {
  cpu: { count: 8, architecture: 'x86_64', flags: ['vmx'] },
  memory: { physicalBytes: 34_359_738_368 },
  disks: [
    { driveType: 'SSD', sizeBytes: 137_000_000_000 },
    { driveType: 'HDD', sizeBytes: 500_000_000_000 },
  ],
};

describe('a query', () => {
  it.each([
    ['.cpu.count == 8', true],
    ['.cpu.count >= 2 and .cpu.count < 6', false],
    ['.memory.physicalBytes >= 4294967296 and .memory.physicalBytes < 34359738368', false],
    ['[.disks[] | select(.driveType == "SSD" and .sizeBytes > 100000000000)] | length == 1', true],
    ['any(.disks[]; .driveType == "HDD")', true],
    ['.cpu.flags | index("vmx") != null', true],
    ['.cpu.count', false],
    ['.nothing.here', false],
  ])('%s is %s', (query, expected) => {
    expect(matchesQuery(query, INVENTORY)).toBe(expected);
  });

  it.each([
    ['.disks[] | .sizeBytes > 1', 'Expected boolean, found multiple values'],
    ['empty', 'Expected boolean, found no values'],
    ['.[', '".[" is not a jq query'],
    ['.cpu.count + "a" == 1', 'type mismatch'],
    ['unknown(1)', 'no such function'],
  ])('%s fails', (query, message) => {
    expect(() => matchesQuery(query, INVENTORY)).toThrow(QueryError);
    expect(() => matchesQuery(query, INVENTORY)).toThrow(message);
  });

  it('of any text is a boolean or a QueryError', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[.a-c[\]|=<>() "0-9]{0,12}$/), (text) => {
        try {
          expect(typeof matchesQuery(text, INVENTORY)).toBe('boolean');
        } catch (error) {
          expect(error).toBeInstanceOf(QueryError);
        }
      }),
    );
  });
});
