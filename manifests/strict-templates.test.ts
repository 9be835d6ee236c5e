import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { StrictTemplates, TemplateError } from './strict-templates.ts';

function render(files: Record<string, string>, values: object): string {
  const templates = new StrictTemplates((name) =>
    files[name] === undefined ? undefined : { file: `dir/${name}`, text: files[name] },
  );
  return templates.render('a', values);
}

function failure(files: Record<string, string>, values: object = {}): string {
  try {
    render(files, values);
  } catch (error) {
    expect(error).toBeInstanceOf(TemplateError);
    return (error as Error).message;
  }
  throw new Error('rendered');
}

it('puts any value into a document as it is', () => {
  const text = 'one: {{ text }}\ntwo: {x: {{ any }}}\nthree:\n{% for item in list %}\n- {{ item }}\n{% endfor %}\n';
  const templates = new StrictTemplates(() => ({ file: 'a', text }));
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.jsonValue(), (text, any) => {
      const document = templates.render('a', { text, any, list: [text, any] });
      expect(parse(document)).toEqual({ one: text, two: { x: any }, three: [text, any] });
    }),
    { numRuns: 40 },
  );
});

it('reaches includes, macros, blocks and set values', () => {
  const files = {
    base: 'b: {% block b %}{% endblock %}\n',
    part: 'p: {{ text }}\n',
    m: '{% macro line(key, value) %}{{ key }}: {{ value }}{% endmacro %}',
    a: '{% extends "base" %}{% import "m" as m %}{% block b %}{{ text }}\n{% include "part" %}{% set x = text %}s: {{ x }}\n{{ m.line("k", text) }}{% endblock %}',
  };
  const text = 'a: "{{ b }}"\n- c';
  expect(parse(render(files, { text }))).toEqual({ b: text, p: text, s: text, k: text });
});

it('joins texts before they are written', () => {
  expect(
    render({ a: '{{ name ~ "-pull" }} {{ name | b64 }} {{ list | json }}' }, { name: 'a b', list: [1, 'x'] }),
  ).toBe('"a b-pull" YSBi "[1,\\"x\\"]"');
});

describe('errors', () => {
  const cluster = { name: 'one', api_vip: null };
  it.each([
    ['x: 1\ny: {{ clustr.name }}', 'dir/a:2:7: clustr is not defined; did you mean cluster?'],
    ['x: 1\n{% if cluster.nam %}y{% endif %}', 'dir/a:2:14: cluster.nam is not defined; did you mean name?'],
    ['{{ cluster.name.first }}', 'dir/a:1:16: cluster.name.first is not defined; known: nothing'],
    ['{{ cluster.constructor }}', 'dir/a:1:11: cluster.constructor is not defined; known: name, api_vip'],
    ['{% for x in nothing %}{% endfor %}', 'dir/a:1:13: nothing is not defined; known: cluster'],
    ['a\n{{ cluster.name | nofilter }}', 'dir/a:2:19: there is no filter nofilter'],
    ['a\n{% if %}', 'dir/a:2:'],
    ['a\n{{ cluster.name', 'dir/a:'],
    ['{% include "other" %}', 'other: there is no such template'],
    ['a\n{{ cluster.name() }}', 'dir/a:2:'],
  ])('%j: %s', (text, message) => expect(failure({ a: text }, { cluster })).toContain(message));

  it('name the included file', () => {
    expect(failure({ a: '{% include "b" %}', b: '\n\n{{ y }}' }, { cluster })).toBe(
      'dir/b:3:4: y is not defined; known: cluster',
    );
  });

  it('do not show what cannot be written', () => {
    expect(failure({ a: 'x: {{ secret }}' }, { secret: 'hush\ud800' })).toBe(
      'dir/a:1:4: YAML cannot carry this value: a text with half of a surrogate pair',
    );
  });
});

it('writes null as null, also from a list', () => {
  expect(render({ a: '{{ x }}{% for y in [x] %} {{ y }}{% endfor %}' }, { x: null })).toBe('null null');
});
