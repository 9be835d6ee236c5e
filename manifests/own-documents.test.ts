import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { RUN_LABEL } from '../model/kube/run-label.ts';
import { manifestObjects } from './manifest-objects.ts';
import { ownDocuments } from './own-documents.ts';

const HEAD = 'apiVersion: v1\nkind: ConfigMap\n';
const read = (text: string) =>
  manifestObjects(
    ownDocuments(text, 'run')
      .map((one) => `---\n${one.text}`)
      .join(''),
  );

describe('documents of own templates', () => {
  it.each([
    ['no labels', 'metadata: {name: a}', { name: 'a' }],
    ['empty labels', 'metadata:\n  name: a\n  labels:\n', { name: 'a' }],
    ['labels behind an alias', 'x: &x {a: b}\nmetadata: {name: a, labels: *x}', { name: 'a', labels: { a: 'b' } }],
    ['metadata behind an alias', 'x: &x {name: a}\nmetadata: *x', { name: 'a' }],
    ['a merge key', 'metadata:\n  <<: {name: a, labels: {a: b}}', { name: 'a', labels: { a: 'b' } }],
    ['a mark and other ends of lines', '\ufeffmetadata:\r\n  name: a\r\n', { name: 'a' }],
  ])('get the label of the run beside %s', (_, text, metadata) => {
    const bom = text.startsWith('\ufeff') ? '\ufeff' : '';
    const [object] = read(bom + HEAD + text.slice(bom.length));
    const labels = { ...(metadata as { labels?: object }).labels, [RUN_LABEL]: 'run' };
    expect(object!.metadata).toEqual({ ...metadata, labels });
  });

  it('keep their anchors free of the label', () => {
    const [object] = read(`${HEAD}data: &x {a: b}\nmetadata: {name: a, labels: *x}`);
    expect(object!.data).toEqual({ a: 'b' });
  });

  it('are left out where they are empty', () => {
    expect(read(`%YAML 1.1\n---\n${HEAD}metadata: {name: a}\n...\n---\n# nothing\n---\n`)).toHaveLength(1);
    expect(read('')).toEqual([]);
  });

  it.each([
    [
      'metadata: {name: yes}',
      'an object of kind ConfigMap whose metadata.name is a boolean to kubectl; write it in quotes',
    ],
    ['metadata: {name: a, namespace: 12}', 'metadata.namespace is a number to kubectl'],
    ['metadata: {name: a, labels: {b: on}}', 'metadata.labels.b is a boolean to kubectl'],
    ['metadata: {name: a, annotations: {b: 1}}', 'metadata.annotations.b is a number to kubectl'],
    ['metadata: {name: a, labels: text}', 'metadata.labels must be a mapping'],
    ['metadata: {name: a, labels: [1]}', 'metadata.labels must be a mapping'],
    ['metadata: text', 'without metadata.name'],
    ['metadata: {name: ""}', 'without metadata.name'],
    ['metadata: {name: *nowhere}', 'aliases that cannot be resolved'],
    [
      'metadata: {name: a}\nmetadata: {name: b}',
      'text that is not valid YAML: DUPLICATE_KEY (line 4, column 1 of the result)',
    ],
  ])('%j: %s', (text, message) => {
    const work = () => read(HEAD + text);
    expect(work).toThrow(message);
  });

  it('are told that lists are taken apart', () => {
    expect(() => read('apiVersion: v1\nkind: List\nitems: []')).toThrow(
      'renders a List; render each of its items as a document of its own',
    );
  });

  it('mean to kubectl what they meant before, but for the label', () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    const labels = fc.dictionary(fc.string({ minLength: 1 }), fc.string());
    fc.assert(
      fc.property(value, fc.option(labels, { nil: undefined }), (data, given) => {
        const object = { apiVersion: 'v1', kind: 'X', metadata: { name: 'a', ...(given && { labels: given }) }, data };
        const text = stringify(object, { version: '1.1' });
        const [before] = manifestObjects(text);
        const [after] = read(text);
        expect(after).toEqual({
          ...before,
          metadata: { ...before!.metadata, labels: { ...before!.metadata.labels, [RUN_LABEL]: 'run' } },
        });
      }),
      { numRuns: 100 },
    );
  });
});
