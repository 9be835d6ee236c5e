/**
 * Stock programs out of the images that a plan names. They are kept by the digest of their image, so that it is fetched once:
 *
 *     ~/.cache/assisted-swarm/programs/agent/sha256-4f53…-amd64/agent
 *     ~/.cache/assisted-swarm/programs/.copy-4711-x8Qw/     while process 4711 fills it; then it gets its name
 */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import type { ProgramSource, ProgramSources, StockPrograms } from '../../plan/expanded-plan.ts';
import { faultOf } from '../programs.ts';
import {
  ARCHITECTURE,
  ImageError,
  type ImageFile,
  type ImageTool,
  isLocalName,
  isOfRegistry,
  onPath,
  partsOf,
} from './image-tool.ts';
import { oc } from './oc.ts';
import { podman, podmanHas } from './podman.ts';
import { skopeo } from './skopeo.ts';

/** Where upstream's images have them: assisted-installer-agent, Dockerfile; assisted-installer, Dockerfile.assisted-installer*. */
const FILES = {
  agent: [{ from: '/usr/bin/agent', to: 'agent', kind: 'file' }],
  installer: [
    { from: '/usr/bin/installer', to: 'installer', kind: 'file' },
    { from: '/assisted-installer-controller/deploy', to: 'deploy', kind: 'folder' },
  ],
  controller: [{ from: '/usr/bin/assisted-installer-controller', to: 'controller', kind: 'file' }],
} as const satisfies Record<string, readonly ImageFile[]>;

type Program = keyof typeof FILES;

const COPYING = '.copy-';
const SHOWN_DIGEST = 'sha256:'.length + 12;

/**
 * Paths of the programs; those in images are copied, unless they were before.
 * @param tell told of what takes its time
 * @throws RangeError that names the key, the image, what is wrong with it and what to do
 */
export async function copyPrograms(sources: ProgramSources, tell: (text: string) => void): Promise<StockPrograms> {
  const cache = cacheFolder();
  const pathOf = async (key: Program, source: ProgramSource): Promise<string> =>
    typeof source === 'string' ? source : join(await copied(key, source.image, cache, tell), key);
  const { agent, installer, controller, manifests } = sources;
  const installerPath = installer === null ? null : await pathOf('installer', installer);
  return {
    agent: await pathOf('agent', agent),
    installer: installerPath,
    controller: controller === null ? null : await pathOf('controller', controller),
    manifests:
      manifests ?? (typeof installer === 'object' && installerPath ? join(dirname(installerPath), 'deploy') : null),
  };
}

function cacheFolder(): string {
  const { XDG_CACHE_HOME: given = '' } = process.env;
  return join(isAbsolute(given) ? given : join(homedir(), '.cache'), 'assisted-swarm', 'programs');
}

/** The folder with the files of a program. */
async function copied(key: Program, image: string, cache: string, tell: (text: string) => void): Promise<string> {
  const folderOf = (digest: string) => join(cache, key, `${digest.replace(':', '-')}-${ARCHITECTURE}`);
  try {
    const named = isOfRegistry(image) ? partsOf(image).digest : null;
    if (named !== null && existsSync(folderOf(named))) return folderOf(named);
    const tool = await toolFor(image);
    const digest = named ?? (await tool.digestOf(image));
    const folder = folderOf(digest);
    const shown = digest.slice(0, SHOWN_DIGEST);
    if (existsSync(folder)) {
      tell(`${key}: ${image} is ${shown}, which was copied before`);
      return folder;
    }
    tell(`${key}: ${image} is ${shown}; copying the program out of it with ${tool.name}, which may take minutes`);
    await fill(key, image, digest, tool, cache, folder);
    tell(`${key}: kept in ${folder}`);
    return folder;
  } catch (error) {
    if (error instanceof ImageError)
      throw new RangeError(`programs.${key} is the image ${image}, which ${error.message}`, { cause: error });
    throw error;
  }
}

/** What reads this image. @throws ImageError when there is nothing */
async function toolFor(image: string): Promise<ImageTool> {
  const registry = isOfRegistry(image);
  const hasPodman = onPath('podman') !== null;
  if (registry && isLocalName(image) && hasPodman && (await podmanHas(image))) return podman(true);
  // These find out the digest alone, and leave nothing behind.
  if (onPath('skopeo')) return skopeo;
  if (registry && onPath('oc')) return oc;
  if (hasPodman) return podman(false);
  throw new ImageError(
    `needs ${registry ? 'skopeo, oc or podman' : 'skopeo or podman'} on PATH to be read, and there is none; install one, or give the path of the program`,
  );
}

/** Makes the folder whole at once. */
async function fill(
  key: Program,
  image: string,
  digest: string,
  tool: ImageTool,
  cache: string,
  folder: string,
): Promise<void> {
  mkdirSync(dirname(folder), { recursive: true });
  removeForgotten(cache);
  const stage = mkdtempSync(join(cache, `${COPYING}${process.pid}-`));
  try {
    await tool.copy(image, digest, FILES[key], stage);
    const program = join(stage, key);
    chmodSync(program, 0o755);
    const fault = faultOf(program);
    if (fault !== null) throw new ImageError(`has a ${FILES[key][0].from} that ${fault}`);
    chmodSync(stage, 0o755);
    try {
      renameSync(stage, folder);
    } catch (error) {
      // Another process was faster with the same image.
      if (!existsSync(folder)) throw error;
    }
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

/** Removes what processes have left that are gone. */
function removeForgotten(cache: string): void {
  for (const name of readdirSync(cache)) {
    const pid = name.startsWith(COPYING) ? Number.parseInt(name.slice(COPYING.length), 10) : Number.NaN;
    if (!Number.isNaN(pid) && !existsSync(`/proc/${pid}`)) {
      // What the process started may still be writing there.
      rmSync(join(cache, name), { recursive: true, force: true, maxRetries: 5 });
    }
  }
}
