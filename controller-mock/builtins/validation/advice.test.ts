import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { TestCluster } from '../../testing/test-cluster.ts';
import { validObject } from './testing/answers.ts';

/** What valid objects of the kind are changed by to be created, and the warnings that a kube-apiserver 1.32.4 sent with its 201. */
const ROWS = readFileSync(new URL('testing/advice-workloads.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as [kind: string, change: object, warnings: string[]]);

it.each(ROWS)('%s %j is advised upon', (kind, change, warnings) => {
  const test = new TestCluster();
  const sent: string[] = [];
  const context = { ...test.cluster.context(), warn: (text: string) => void sent.push(text) };
  test.options = () => ({ ...TestCluster.prototype.options.call(test), context });
  test.create(kind, 'c', validObject(kind, change));
  expect(sent).toEqual(warnings);
});
