import { Command, InvalidArgumentError } from 'commander';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clockSpeed, duration, listenAddress, listenOption, serviceUrl, shard, wholeNumber } from './options.ts';

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

  it('show the default address as one would write it', () => {
    const command = new Command().addOption(listenOption('--listen <address>', 'where', '127.0.0.1:80'));
    expect(command.helpInformation()).toContain('where (default: 127.0.0.1:80)');
    expect(command.parse([], { from: 'user' }).opts().listen).toEqual({ host: '127.0.0.1', port: 80 });
  });

  it('are refused in words, never with another error, whatever is given', () => {
    const readers = [listenAddress, shard, duration, clockSpeed, wholeNumber(8), serviceUrl];
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
