import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFieldSelector, parseLabelSelector } from './selector.ts';
import { ApiStatusError } from './status.ts';

const labels = { app: 'web', tier: 'front', n: '5', 'example.com/x': '', empty: '' };

describe('label selectors', () => {
  it.each([
    ['', true],
    ['app=web', true],
    ['app==web', true],
    ['app = web , tier = front', true],
    ['app=web,tier=back', false],
    ['app!=web', false],
    ['none!=web', true],
    ['app', true],
    ['!app', false],
    ['! none', true],
    ['app in (web, db)', true],
    ['app in (db)', false],
    ['app notin (db)', true],
    ['none notin (db)', true],
    ['none in (db)', false],
    ['n>4', true],
    ['n<4', false],
    ['app>4', false],
    ['example.com/x', true],
    ['example.com/x=', true],
    ['empty in (,a)', true],
    ['app in (web),!none,n > 1', true],
  ])('%s is %s', (text, expected) => {
    expect(parseLabelSelector(text)(labels)).toBe(expected);
  });

  it.each([
    '=',
    'a=b=c',
    'a in',
    'a in b',
    'a in (b',
    'a)',
    'a,,b',
    ',',
    'a b',
    '-a',
    'a=b c',
    'a>x',
    'a in ((b))',
    'a/b/c',
  ])('%s is refused', (text) => {
    expect(() => parseLabelSelector(text)).toThrow(ApiStatusError);
  });

  it('either works or is refused with 400', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab=!,() <>/.-in'), maxLength: 20 }), (text) => {
        try {
          expect(typeof parseLabelSelector(text)(labels)).toBe('boolean');
        } catch (error) {
          expect((error as ApiStatusError).code).toBe(400);
        }
      }),
    );
  });
});

describe('field selectors', () => {
  it('reads terms, with escapes', () => {
    expect(parseFieldSelector('metadata.name=a,status.phase!=Running,x==y')).toEqual([
      { field: 'metadata.name', equal: true, value: 'a' },
      { field: 'status.phase', equal: false, value: 'Running' },
      { field: 'x', equal: true, value: 'y' },
    ]);
    expect(parseFieldSelector('a=b\\,c\\=d\\\\,e=')).toEqual([
      { field: 'a', equal: true, value: 'b,c=d\\' },
      { field: 'e', equal: true, value: '' },
    ]);
    expect(parseFieldSelector('')).toEqual([]);
  });

  it.each(['a', 'a=b=c', '=b', 'a=\\b'])('%s is refused', (text) => {
    expect(() => parseFieldSelector(text)).toThrow(ApiStatusError);
  });
});
