import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ImageFile } from './image-tool.ts';
import { copyFromLayers } from './layers.ts';
import { archive, type LayerEntry } from './testing/image-layout.ts';

let folder: string;
let number = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'layers-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What is copied, by name; layers lowest first. */
const copied = async (
  layers: readonly (readonly LayerEntry[])[],
  files: readonly ImageFile[],
  pack: (bytes: Buffer) => Buffer = (bytes) => bytes,
): Promise<Record<string, string>> => {
  const out = join(folder, String(number++));
  mkdirSync(join(out, 'out'), { recursive: true });
  const paths: string[] = [];
  for (const [index, entries] of layers.entries()) {
    paths.push(join(out, `layer-${index}`));
    writeFileSync(paths.at(-1)!, pack(await archive(entries)));
  }
  await copyFromLayers(paths, files, join(out, 'out'));
  return Object.fromEntries(
    readdirSync(join(out, 'out'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const path = join(entry.parentPath, entry.name);
        return [path.slice(join(out, 'out').length + 1), readFileSync(path, 'utf8')];
      }),
  );
};
const file = (from: string): ImageFile => ({ from, to: 'program', kind: 'file' });

describe('files out of the layers of an image', () => {
  test('the highest layer counts, however it is packed', async () => {
    const layers = [[{ name: 'usr/bin/agent', text: 'old' }], [{ name: './usr/bin/agent', text: 'new' }]];
    for (const pack of [(bytes: Buffer) => bytes, gzipSync, zstdCompressSync])
      expect(await copied(layers, [file('/usr/bin/agent')], pack)).toEqual({ program: 'new' });
  });

  test('links are followed within the image', async () => {
    const layers: LayerEntry[][] = [
      [
        { name: 'usr/bin/agent', text: 'x' },
        { name: 'bin', link: 'usr/bin' },
        { name: 'usr/bin/inventory', link: '/bin/agent' },
        { name: 'usr/bin/up', link: '../../../../usr/bin/./inventory' },
        { name: 'usr/bin/hard', hardLink: 'usr/bin/agent' },
        { name: 'usr/bin/loop', link: 'loop' },
        { name: 'usr/bin/nowhere', link: '/etc/hostname' },
      ],
      [{ name: 'usr/bin/later', hardLink: 'usr/bin/hard' }],
    ];
    for (const name of ['inventory', 'up', 'hard', 'later'])
      expect(await copied(layers, [file(`/bin/${name}`)]), name).toEqual({ program: 'x' });
    for (const name of ['loop', 'nowhere', 'absent'])
      await expect(copied(layers, [file(`/usr/bin/${name}`)]), name).rejects.toThrow(`has no file /usr/bin/${name}`);
    await expect(copied(layers, [file('/usr/bin')])).rejects.toThrow('has no file /usr/bin');
  });

  test('what a layer deletes is gone, and what it replaces hides what was below', async () => {
    const below: LayerEntry[] = [
      { name: 'a/b/one', text: '1' },
      { name: 'a/b/two', text: '2' },
      { name: 'c', text: 'c' },
    ];
    const one = file('/a/b/one');
    const none = (layer: LayerEntry[]) => expect(copied([below, layer], [one])).rejects.toThrow('has no file');
    await none([{ name: 'a/b/.wh.one', text: '' }]);
    await none([{ name: 'a/.wh.b', text: '' }]);
    await none([{ name: 'a/b/.wh..wh..opq', text: '' }]);
    await none([{ name: 'a', text: 'now a file' }]);
    await none([{ name: 'a', link: '/c' }]);
    // What the same layer brings stays, whichever comes first.
    const both: LayerEntry[] = [
      { name: 'a/b/one', text: 'new' },
      { name: 'a/b/.wh..wh..opq', text: '' },
    ];
    for (const layer of [both, both.toReversed()])
      expect(await copied([below, layer], [one])).toEqual({ program: 'new' });
    await expect(copied([below, both], [file('/a/b/two')])).rejects.toThrow('has no file');
  });

  test('a folder is copied with what is in it', async () => {
    const layers: LayerEntry[][] = [
      [
        { name: 'deploy/a.yaml', text: 'a' },
        { name: 'deploy/sub/b.yaml', text: 'b' },
      ],
      [
        { name: 'deploy/.wh.a.yaml', text: '' },
        { name: 'deploy/c.yaml', link: 'sub/b.yaml' },
      ],
    ];
    const folderOf = (from: string): ImageFile => ({ from, to: 'd', kind: 'folder' });
    expect(await copied(layers, [folderOf('/deploy')])).toEqual({ 'd/sub/b.yaml': 'b', 'd/c.yaml': 'b' });
    await expect(copied(layers, [folderOf('/nothing')])).rejects.toThrow('has no folder /nothing');
  });

  test('nothing is written outside, whatever an archive names', async () => {
    const layer: LayerEntry[] = [
      { name: '../../escaped', text: 'x' },
      { name: 'deploy/../../escaped', text: 'x' },
      { name: 'deploy/fine', text: 'fine' },
      { name: 'deploy/out', link: '../../../../../../etc/hostname' },
    ];
    expect(await copied([layer], [{ from: '/deploy', to: 'd', kind: 'folder' }])).toEqual({ 'd/fine': 'fine' });
    expect(readdirSync(folder).every((name) => /^\d+$/.test(name))).toBe(true);
  });

  test('a broken archive is told', async () => {
    await expect(
      copied([[{ name: 'a', text: 'a'.repeat(5000) }]], [file('/a')], (b) => b.subarray(0, 1000)),
    ).rejects.toThrow();
    await expect(
      copied([[{ name: 'a', text: 'a' }]], [file('/a')], (b) => gzipSync(b).subarray(0, 40)),
    ).rejects.toThrow();
  });

  test('is what applying the layers one after the other to a file system leaves', async () => {
    const names = ['p', 'p/x', 'p/y', 'q', 'q/x', 'q/z'];
    const change = fc.oneof(
      fc.record({ name: fc.constantFrom('p/x', 'p/y', 'q/x', 'q/z'), text: fc.string({ minLength: 1, maxLength: 4 }) }),
      fc.constantFrom(...names).map((path) => ({
        name: path.includes('/') ? path.replace('/', '/.wh.') : `.wh.${path}`,
        text: '',
      })),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uniqueArray(change, { selector: ({ name }) => name, maxLength: 4 }), { maxLength: 4 }),
        async (layers) => {
          const model = new Map<string, string>([['keep', 'k']]);
          for (const layer of layers) {
            for (const { name } of layer.filter(({ name }) => name.includes('.wh.'))) {
              const gone = name.replace('.wh.', '');
              for (const path of [...model.keys()])
                if (path === gone || path.startsWith(`${gone}/`)) model.delete(path);
            }
            for (const { name, text } of layer) if (!name.includes('.wh.')) model.set(name, text);
          }
          const base = [{ name: 'keep', text: 'k' }];
          for (const name of ['p/x', 'p/y', 'q/x', 'q/z']) {
            const alone = await copied([base, ...layers], [file(`/${name}`)]).catch(() => null);
            expect(alone?.program).toBe(model.get(name));
          }
          const inP = [...model].filter(([name]) => name.startsWith('p/'));
          const folderP: ImageFile = { from: '/p', to: 'p', kind: 'folder' };
          const result = await copied([base, ...layers], [folderP]).catch(() => ({}));
          expect(result).toEqual(Object.fromEntries(inP));
        },
      ),
      { numRuns: 40 },
    );
  });
});
