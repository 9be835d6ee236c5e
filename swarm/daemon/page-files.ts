/**
 * The page at `/` and the files it loads: those of page/, and the chart library as npm brings it. None of them holds data, so they are open to everybody; where the daemon demands a
 * token, the page asks its reader for it and keeps it for the tab.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CLUSTER_PHASES, HOST_PHASES } from '../../model/protocol/phases.ts';
import { packageRoot } from '../package-root.ts';

/** Files of page/ beside index.html. */
const OWN_FILES = [
  'icon.svg',
  'page.css',
  'parts.css',
  'app.js',
  'api.js',
  'backup.js',
  'browse.js',
  'charts.js',
  'controls.js',
  'detail.js',
  'dom.js',
  'launch.js',
  'load-charts.js',
  'log.js',
  'overview.js',
  'server-figures.js',
  'words.js',
] as const;
/** Files of uPlot, by the names that they are served under. */
const CHART_FILES = { 'uplot.js': 'uPlot.esm.js', 'uplot.css': 'uPlot.min.css' } as const;

/** Modules that are made here: what the page and the program name alike stands once. */
const MADE_FILES = {
  'phases.js': `export const HOST_PHASES = ${JSON.stringify(HOST_PHASES)};\nexport const CLUSTER_PHASES = ${JSON.stringify(CLUSTER_PHASES)};\n`,
} as const;

/** Where the page's files are served. */
const BASE = '/page/';

/** Every path of the page, exact. */
export const PAGE_PATHS: readonly string[] = [
  '/',
  ...[...OWN_FILES, ...Object.keys(MADE_FILES), ...Object.keys(CHART_FILES)].map((name) => BASE + name),
];

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.js': 'text/javascript; charset=utf-8',
};

/** Sent with the page: only its own files run, it speaks to its own origin alone, and nobody may put it into a frame. */
const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-frame-options': 'DENY',
} as const;

interface PageFile {
  bytes: Buffer;
  type: string;
  etag: string;
}

/** Adds the routes. @param launches whether the daemon launches hosts, which the page then asks for @throws when the package is not whole */
export function pageRoutes(app: FastifyInstance, launches: boolean): void {
  for (const [path, file] of readPage(launches)) {
    app.get(path, { schema: { hide: true } }, (request, reply) => sendFile(file, request, reply));
  }
}

/** A browser asks each time, and is told when nothing has changed: a new version of the program is never mixed with an old page. */
function sendFile({ bytes, type, etag }: PageFile, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.headers({ 'content-type': type, etag, 'cache-control': 'no-cache', ...PAGE_HEADERS });
  return request.headers['if-none-match'] === etag ? reply.code(304).send() : reply.send(bytes);
}

/** By path. */
function readPage(launches: boolean): Map<string, PageFile> {
  const own = join(packageRoot(), 'swarm', 'daemon', 'page');
  const charts = dirname(createRequire(import.meta.url).resolve('uplot'));
  return new Map([
    [
      '/',
      readFile(join(own, 'index.html'), (text) =>
        launches ? text.replace('data-launches="no"', 'data-launches="yes"') : text,
      ),
    ],
    ...OWN_FILES.map((name) => [BASE + name, readFile(join(own, name))] as const),
    ...Object.entries(MADE_FILES).map(([name, text]) => [BASE + name, pageFile(name, text)] as const),
    ...Object.entries(CHART_FILES).map(([name, file]) => [BASE + name, readFile(join(charts, file))] as const),
  ]);
}

function readFile(path: string, change = (text: string) => text): PageFile {
  return pageFile(path, change(readFileSync(path, 'utf8')));
}

function pageFile(path: string, text: string): PageFile {
  const bytes = Buffer.from(text);
  const etag = `"${createHash('sha256').update(bytes).digest('base64url')}"`;
  return { bytes, type: TYPES[extname(path)]!, etag };
}
