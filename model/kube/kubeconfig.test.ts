import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadKubeconfig } from './kubeconfig.ts';

const CONTEXTS = [
  { name: 'one', context: { cluster: 'one', user: 'me' } },
  { name: 'two', context: { cluster: 'two', user: 'me' } },
];
const config = (changes: Record<string, unknown> = {}) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'one', cluster: { server: 'https://127.0.0.1:1' } },
      { name: 'two', cluster: { server: 'https://127.0.0.1:2' } },
    ],
    users: [{ name: 'me', user: { token: 't' } }],
    contexts: CONTEXTS,
    'current-context': 'one',
    ...changes,
  });

describe('a kubeconfig', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const write = (name: string, text: string) => {
    const file = join(folder, name);
    writeFileSync(file, text);
    return file;
  };

  it('is taken from a file, with its current context or another', () => {
    const file = write('good', config());
    expect(loadKubeconfig({ file }).getCurrentCluster()?.server).toBe('https://127.0.0.1:1');
    expect(loadKubeconfig({ file, context: 'two' }).getCurrentCluster()?.server).toBe('https://127.0.0.1:2');
  });

  it.each([
    ['is not there', 'missing', null, /missing is not a kubeconfig that can be read: there is no such file/],
    ['is not YAML', 'tabs', 'a:\n\t- b: [', /tabs is not a kubeconfig that can be read: /],
    ['is something else', 'list', '- a', /list is not a kubeconfig|list names no cluster/],
    ['is empty', 'empty', '', /empty is not a kubeconfig|empty names no cluster/],
    ['has no context', 'none', config({ contexts: [] }), /none names no cluster to speak to; set current-context/],
    [
      'has a context of a cluster that is not in it',
      'dangling',
      config({ clusters: [] }),
      /dangling names no cluster to speak to/,
    ],
    [
      'has a server that is not a URL',
      'url',
      config({ clusters: [{ name: 'one', cluster: { server: 'hub:6443' } }] }),
      /url has the server hub:6443, which is not a valid HTTP\(S\) URL/,
    ],
    [
      'has a proxy that is not a URL',
      'proxy',
      config({ clusters: [{ name: 'one', cluster: { server: 'https://127.0.0.1:1', 'proxy-url': '::' } }] }),
      /proxy has a proxy-url that is not a URL; give one as http:/,
    ],
  ])('that %s is refused', (_, name, text, message) => {
    const file = text === null ? join(folder, name) : write(name, text);
    expect(() => loadKubeconfig({ file })).toThrow(message);
  });

  it('without the context that is asked for says which it has', () => {
    const file = write('contexts', config());
    expect(() => loadKubeconfig({ file, context: 'three' })).toThrow('has no context three; it has one, two');
  });
});
