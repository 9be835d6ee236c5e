/** A real browser for tests: named by the environment variable CHROMIUM, or on PATH, or the one that a package of npm contains. */
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  createReadStream,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import puppeteer, { type Browser } from 'puppeteer-core';
import { extract } from 'tar-stream';
import { type Lack, onPath } from './needs.ts';

/** The package with a headless Chromium and the libraries it needs, for linux on x64. */
const PACKAGE = '@sparticuz/chromium';
const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome'];
/** Nobody is root in a browser's own sandbox, and containers have none; what the tests open is their own page. */
const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--lang=en-US'];

interface Chromium {
  program: string;
  env: NodeJS.ProcessEnv;
  lack: Lack;
}

let found: Promise<Chromium> | undefined;

/** What to run, and why there is nothing. */
export function findChromium(): Promise<Chromium> {
  found ??= lookForChromium();
  return found;
}

/** A browser without a window. Close it. */
export async function openBrowser(): Promise<Browser> {
  const { program, env } = await findChromium();
  return puppeteer.launch({ executablePath: program, args: ARGUMENTS, env });
}

async function lookForChromium(): Promise<Chromium> {
  const env = { ...process.env, LANG: 'en_US.UTF-8' };
  const chosen = process.env.CHROMIUM ?? PROGRAMS.map(onPath).find((path) => path !== null);
  if (chosen) return { program: chosen, env, lack: null };
  const here = `${process.platform}-${process.arch}`;
  try {
    if (here !== 'linux-x64') throw new Error(`is for linux-x64, and this is ${here}`);
    const folder = await unpacked();
    const program = join(folder, 'chromium');
    const fonts = { ...env, FONTCONFIG_FILE: fontConfig(folder) };
    const own = { ...fonts, LD_LIBRARY_PATH: join(folder, 'lib') };
    const right = [fonts, own].find((one) => spawnSync(program, ['--version'], { env: one }).status === 0);
    if (!right) throw new Error('does not run here');
    return { program, env: right, lack: null };
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return { program: 'chromium', env, lack: `no chromium on PATH or in $CHROMIUM; that of ${PACKAGE} ${why}` };
  }
}

/**
 * Where the package's fonts are: its own file says where they are on AWS Lambda, and a browser that finds none at all ends at once.
 * @returns path of the file
 */
function fontConfig(folder: string): string {
  const path = join(folder, 'fonts.conf');
  const draft = `${path}-${process.pid}`;
  writeFileSync(
    draft,
    `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir prefix="relative">fonts</dir><cachedir prefix="xdg">fontconfig</cachedir></fontconfig>
`,
  );
  // Files of tests may do so at the same time.
  renameSync(draft, path);
  return path;
}

/** Unpacks the program once; files of tests may do so at the same time. @throws Error when the package is not installed */
async function unpacked(): Promise<string> {
  const modules = join(import.meta.dirname, '../..', 'node_modules');
  const bin = join(modules, PACKAGE, 'bin');
  const { version } = JSON.parse(readFileSync(join(modules, PACKAGE, 'package.json'), 'utf8')) as { version: string };
  const cache = join(modules, '.cache', `chromium-${version}`);
  try {
    accessSync(join(cache, 'chromium'), constants.X_OK);
    return cache;
  } catch {
    // Not unpacked yet.
  }
  mkdirSync(dirname(cache), { recursive: true });
  const own = mkdtempSync(`${cache}-`);
  await pipeline(createReadStream(join(bin, 'chromium.br')), createBrotliDecompress(), async (bytes) =>
    writeFile(join(own, 'chromium'), bytes, { mode: 0o755 }),
  );
  for (const [name, to] of [
    ['fonts.tar.br', 'fonts'],
    ['al2023.tar.br', '.'],
  ] as const) {
    await unpackFiles(join(bin, name), join(own, to));
  }
  try {
    renameSync(own, cache);
  } catch {
    // Another one was quicker.
    rmSync(own, { recursive: true });
  }
  return cache;
}

async function unpackFiles(archive: string, folder: string): Promise<void> {
  const entries = createReadStream(archive).pipe(createBrotliDecompress()).pipe(extract());
  for await (const entry of entries) {
    const { name, type } = entry.header;
    if (type === 'file' && !name.includes('..')) {
      const path = join(folder, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, entry as AsyncIterable<Buffer>);
    }
    entry.resume();
  }
}
