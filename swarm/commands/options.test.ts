import { Command, InvalidArgumentError } from 'commander';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  clockSpeed,
  duration,
  listenAddress,
  listenOption,
  moment,
  serviceUrl,
  shard,
  wholeNumber,
} from './options.ts';

describe('option values', () => {
  it('are read in all their forms', () => {
    expect(listenAddress('5566')).toEqual({ host: '127.0.0.1', port: 5566 });
    expect(listenAddress(':0')).toEqual({ host: '127.0.0.1', port: 0 });
    expect(listenAddress('[::1]:80')).toEqual({ host: '::1', port: 80 });
    expect(listenAddress('localhost:80')).toEqual({ host: 'localhost', port: 80 });
    expect(shard('3/4')).toEqual({ index: 3, count: 4 });
    expect(duration('1h30m')).toBe(5400);
    expect(clockSpeed('0.5')).toBe(0.5);
    expect(wholeNumber(8)('8')).toBe(8);
    expect(serviceUrl('HTTP://Service.Example.com:80//')).toBe('http://service.example.com');
  });

  it('are moments with a zone, near enough to be meant', () => {
    const now = () => Date.parse('2026-12-01T10:00:00Z');
    const at = (text: string) => moment(text, now).toISOString();
    expect(at('2026-12-01T10:00:05Z')).toBe('2026-12-01T10:00:05.000Z');
    expect(at('2026-12-01T12:30:00.25+02:30')).toBe('2026-12-01T10:00:00.250Z');
    expect(at('2026-11-30T23:30:00-11:00')).toBe('2026-12-01T10:30:00.000Z');
    for (const text of [
      '2026-12-01',
      '2026-12-01T10:00:00',
      '2026-12-01 10:00:00Z',
      '2026-11-31T10:00:00Z',
      'now',
      '5m',
    ])
      expect(() => at(text)).toThrow('Allowed: a moment with its zone, for example 2026-12-01T10:00:00Z.');
    for (const [text, away] of [
      ['2026-12-08T10:00:01Z', '7d1s ahead'],
      ['2025-12-01T10:00:00Z', '365d ago'],
    ])
      expect(() => at(text!)).toThrow(`That is ${away} by this machine's clock (2026-12-01T10:00:00.000Z). Allowed:`);
  });

  it('show the default address as one would write it', () => {
    const command = new Command().addOption(listenOption('--listen <address>', 'where', '127.0.0.1:80'));
    expect(command.helpInformation()).toContain('where (default: 127.0.0.1:80)');
    expect(command.parse([], { from: 'user' }).opts().listen).toEqual({ host: '127.0.0.1', port: 80 });
  });

  it('are refused in words, never with another error, whatever is given', () => {
    const readers = [
      listenAddress,
      shard,
      duration,
      clockSpeed,
      wholeNumber(8),
      serviceUrl,
      (text: string) => moment(text),
    ];
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\d./:[\]-]{0,12}$/)), (text) => {
        for (const read of readers) {
          try {
            read(text);
          } catch (error) {
            expect(error).toBeInstanceOf(InvalidArgumentError);
            expect((error as Error).message).toContain('Allowed: ');
          }
        }
      }),
    );
  });

  it('never pass a port, shard or speed that does not exist', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 200_000 }), fc.integer({ min: 0, max: 200_000 }), (a, b) => {
        if (a > 65_535) expect(() => listenAddress(String(a))).toThrow(InvalidArgumentError);
        else expect(listenAddress(`x:${a}`).port).toBe(a);
        if (a >= b) expect(() => shard(`${a}/${b}`)).toThrow(InvalidArgumentError);
      }),
    );
  });
});
