/** Requests that the real service refused (assisted-service at 063b257, without nmstate), one sequence a line, and what it said of the last one. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { API_BASE } from '../model/protocol/endpoints.ts';
import { startClock } from '../model/time/clock.ts';
import { type ServiceMock, startServiceMock } from './index.ts';
import type { Json, JsonObject } from './service-api.ts';

interface Request {
  readonly method: string;
  readonly path: string;
  readonly body?: Json;
  /** Instead of a body. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Name under which later requests know the `id` of the answer. */
  readonly save?: string;
}
interface Recorded {
  readonly requests: readonly Request[];
  readonly status: number;
  readonly message: string;
}

const REGISTRIES = ['quay.io', 'registry.example.com'];
const SECRET = JSON.stringify({
  auths: Object.fromEntries(REGISTRIES.map((name) => [name, { auth: 'dXNlcjpwYXNz', email: 'a@e.com' }])),
});
const VERSIONS = ['4.11.50', '4.12.70', '4.14.40', '4.15.30', '4.16.40', '4.17.20', '4.18.10', '4.19.5', '4.20.1'];

function releaseOf(version: string, tag: string, architectures: readonly string[]): JsonObject {
  const [architecture] = architectures.length > 1 ? ['multi'] : architectures;
  const short = version.replace(/\.\d+(?=$|-)/, '');
  return {
    openshift_version: short,
    cpu_architecture: architecture!,
    cpu_architectures: [...architectures],
    url: `registry.example.com/rel/ocp-release:${version.replace('-multi', '')}-${tag}`,
    version,
  };
}

const osImage = (short: string, architecture: string): JsonObject => ({
  openshift_version: short,
  cpu_architecture: architecture,
  url: `https://m.example.com/${short}/${architecture}.iso`,
  version: `${short}.1`,
});

let mock: ServiceMock;
beforeAll(async () => {
  mock = await startServiceMock({
    clock: startClock(1),
    settings: {
      RELEASE_IMAGES: [
        ...VERSIONS.map((version) => releaseOf(version, 'x86_64', ['x86_64'])),
        releaseOf('4.20.1', 'aarch64', ['arm64']),
        releaseOf('4.19.5-multi', 'multi', ['x86_64', 'arm64', 's390x', 'ppc64le']),
      ],
      OS_IMAGES: [
        ...VERSIONS.map((version) => osImage(version.replace(/\.\d+$/, ''), 'x86_64')),
        osImage('4.20', 'arm64'),
        osImage('4.19', 's390x'),
      ],
      PUBLIC_CONTAINER_REGISTRIES: ['quay.io'],
      AGENT_DOCKER_IMAGE: 'quay.io/edge-infrastructure/assisted-installer-agent:latest',
    },
  });
});
afterAll(() => mock.close());

let hosts = 0;
/** Values of names in double braces. */
const namesOf = (): Map<string, string> =>
  new Map([
    ['secret', SECRET],
    ['host', `8e3746eb-df8d-47d1-ad4d-${String(++hosts).padStart(12, '0')}`],
  ]);
const NAME = /\{\{(\w+)\}\}/g;

function filled(value: Json, names: ReadonlyMap<string, string>): Json {
  if (typeof value === 'string') return value.replaceAll(NAME, (_, name: string) => names.get(name)!);
  if (Array.isArray(value)) return value.map((item) => filled(item, names));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, filled(item!, names)]));
}

async function answerTo(request: Request, names: Map<string, string>): Promise<{ status: number; body: JsonObject }> {
  const text = request.text ?? (request.body === undefined ? undefined : JSON.stringify(filled(request.body, names)));
  const response = await fetch(`${mock.url}${API_BASE}/v2${filled(request.path, names)}`, {
    method: request.method,
    headers: { ...(text !== undefined && { 'Content-Type': 'application/json' }), ...request.headers },
    ...(text !== undefined && { body: text }),
  });
  const answer = await response.text();
  const body = answer === '' ? {} : (JSON.parse(answer) as JsonObject);
  if (request.save !== undefined) names.set(request.save, String(body.id));
  return { status: response.status, body };
}

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

function recordedIn(folder: string): Recorded[] {
  const text = readFileSync(new URL(`${folder}/refusals.jsonl`, import.meta.url), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Recorded);
}

describe.each(['cluster', 'infra-env', 'host'])('%s', (folder) => {
  test.each(recordedIn(folder).map((recorded) => [recorded.message, recorded] as const))('%s', async (message, {
    requests,
    status,
  }) => {
    const names = namesOf();
    const before = requests.slice(0, -1);
    for (const request of before)
      expect(await answerTo(request, names)).toMatchObject({ status: expect.toSatisfy((code: number) => code < 300) });
    const { status: given, body } = await answerTo(requests.at(-1)!, names);
    const said = String(body.reason ?? body.message).replaceAll(UUID, '<uuid>');
    expect({ status: given, said }).toEqual({ status, said: message });
  });
});
