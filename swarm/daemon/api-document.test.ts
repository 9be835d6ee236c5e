import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fetchApiDocument, keepApiDocument, keptApiDocument } from './api-document.ts';

const DOCUMENT = { swagger: '2.0', paths: {}, definitions: {} };
let server: Server;
let url: string;
let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'swarm-api-'));
  server = createServer((request, response) => {
    if (request.url !== '/base/api/assisted-install/v2/openapi') {
      response.writeHead(404).end('{}');
      return;
    }
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(JSON.stringify(DOCUMENT)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

it('keeps what a service publishes, and nothing where it publishes nothing', async () => {
  expect(await fetchApiDocument(url, {})).toBeNull();
  await keepApiDocument(folder, url, {});
  expect(keptApiDocument(folder)).toBeNull();
  await keepApiDocument(folder, `${url}/base`, {});
  expect(keptApiDocument(folder)).toEqual(DOCUMENT);
});

it('says which file it cannot understand, and when nobody answers', async () => {
  writeFileSync(join(folder, 'openapi.json'), '{"openapi":"3.1.0"}');
  expect(() => keptApiDocument(folder)).toThrow(/openapi\.json cannot be used: it is not a Swagger 2\.0 document/);
  server.close();
  await expect(fetchApiDocument('http://127.0.0.1:1', {})).rejects.toThrow(/ECONNREFUSED/);
});
