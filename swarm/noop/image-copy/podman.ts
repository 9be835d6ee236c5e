/** Images by podman: they are pulled into its storage, and files are copied out of a container that never runs. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ImageError, type ImageTool, runTool } from './image-tool.ts';

/** Of the containers; the process that made one follows. */
const CONTAINER = 'assisted-swarm-';

const podmanSays = async (...args: string[]) => (await runTool('podman', args)).toString('utf8').trim();

/** Whether it has an image already, for example one that was built here. */
export async function podmanHas(reference: string): Promise<boolean> {
  return podmanSays('image', 'exists', reference).then(
    () => true,
    () => false,
  );
}

/** @param local of an image that it has: nothing is pulled */
export function podman(local: boolean): ImageTool {
  /** By reference. */
  const ids = new Map<string, string>();
  return {
    name: 'podman',

    digestOf: async (reference) => {
      const id = local ? reference : (await podmanSays('pull', '--quiet', reference)).split('\n').at(-1)!;
      ids.set(reference, id);
      return podmanSays('image', 'inspect', '--format', '{{.Digest}}', id);
    },

    copy: async (reference, _digest, files, folder) => {
      await removeForgotten();
      const name = `${CONTAINER}${process.pid}-${Math.random().toString(36).slice(2)}`;
      // The command is never executed.
      await podmanSays('create', '--name', name, ids.get(reference) ?? reference, 'none');
      try {
        for (const { from, to, kind } of files) {
          await podmanSays('cp', `${name}:${from}`, join(folder, to)).catch((error: ImageError) => {
            throw /could not be found|no such file/.test(error.message)
              ? new ImageError(`has no ${kind} ${from}`)
              : error;
          });
        }
      } finally {
        await podmanSays('rm', '--force', name);
      }
    },
  };
}

/** Removes containers of processes that are gone: nobody else can when these were killed. */
async function removeForgotten(): Promise<void> {
  const names = await podmanSays('ps', '--all', '--filter', `name=^${CONTAINER}`, '--format', '{{.Names}}');
  for (const name of names.split('\n').filter((one) => one !== '')) {
    if (!existsSync(`/proc/${Number.parseInt(name.slice(CONTAINER.length), 10)}`))
      await podmanSays('rm', '--force', name);
  }
}
