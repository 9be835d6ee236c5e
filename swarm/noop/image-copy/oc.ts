/** Images by `oc image`: openshift/oc, pkg/cli/image/extract/extract.go. */
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, renameSync, rmSync } from 'node:fs';
import { basename, join, posix } from 'node:path';
import { ARCHITECTURE, ImageError, type ImageFile, type ImageTool, partsOf, runTool } from './image-tool.ts';

const OS = `--filter-by-os=linux/${ARCHITECTURE}`;
/** Links that lead to each other. */
const MOST_LINKS = 8;

export const oc: ImageTool = {
  name: 'oc',

  digestOf: async (reference) => {
    const { name, tag, digest } = partsOf(reference);
    const full = digest === null ? `${name}:${tag ?? 'latest'}` : `${name}@${digest}`;
    const info = JSON.parse((await runTool('oc', ['image', 'info', full, OS, '--output=json'])).toString('utf8')) as {
      digest: string;
    };
    return info.digest;
  },

  copy: async (reference, digest, files, folder) => {
    const image = `${partsOf(reference).name}@${digest}`;
    for (const file of files) await copyOne(image, file, folder);
  },
};

async function copyOne(image: string, { from, to, kind }: ImageFile, folder: string): Promise<void> {
  const stage = mkdtempSync(join(folder, '.extracted-'));
  try {
    let path = from;
    // It takes out a link as a link, and says nothing of what is not there.
    for (let links = 0; links <= MOST_LINKS; links++) {
      const source = kind === 'folder' ? `${path}/` : path;
      await runTool('oc', ['image', 'extract', image, OS, '--confirm', `--path=${source}:${stage}`]);
      if (kind === 'folder') {
        if (readdirSync(stage).length === 0) break;
        renameSync(stage, join(folder, to));
        mkdirSync(stage);
        return;
      }
      const taken = join(stage, basename(path));
      const stat = lstatSync(taken, { throwIfNoEntry: false });
      if (stat?.isFile()) {
        renameSync(taken, join(folder, to));
        return;
      }
      if (!stat?.isSymbolicLink()) break;
      path = posix.resolve(posix.dirname(path), readlinkSync(taken));
      // What comes next must not be written through it.
      rmSync(taken);
    }
    throw new ImageError(`has no ${kind} ${from}`);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}
