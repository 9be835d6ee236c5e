/** Images by skopeo: the layers are fetched whole, and what is wanted is taken out of them here. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type ImageFile, type ImageTool, isOfRegistry, partsOf, runTool } from './image-tool.ts';
import { copyFromLayers } from './layers.ts';

const withTransport = (reference: string) =>
  isOfRegistry(reference) && !reference.startsWith('docker://') ? `docker://${reference}` : reference;

export const skopeo: ImageTool = {
  name: 'skopeo',

  digestOf: async (reference) => {
    // Without --raw it lists all tags of the repository too.
    const manifest = await runTool('skopeo', ['inspect', '--raw', withTransport(reference)]);
    return `sha256:${createHash('sha256').update(manifest).digest('hex')}`;
  },

  copy: async (reference: string, digest: string, files: readonly ImageFile[], folder: string) => {
    const layers = mkdtempSync(join(folder, '.layers-'));
    // A tag may be another image by now.
    const from = isOfRegistry(reference) ? `docker://${partsOf(reference).name}@${digest}` : reference;
    try {
      await runTool('skopeo', ['copy', '--quiet', from, `dir:${layers}`]);
      const manifest = JSON.parse(readFileSync(join(layers, 'manifest.json'), 'utf8')) as {
        layers: { digest: string }[];
      };
      const paths = manifest.layers.map((layer) => join(layers, layer.digest.replace(/^sha256:/, '')));
      await copyFromLayers(paths, files, folder);
    } finally {
      rmSync(layers, { recursive: true, force: true });
    }
  },
};
