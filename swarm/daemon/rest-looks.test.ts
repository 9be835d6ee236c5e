/** What readers ask of a service, on a client that writes it down. */
import { describe, expect, it } from 'vitest';
import type { ReaderLoadName } from '../plan/expanded-plan.ts';
import { operationPath } from '../service/go-openapi.ts';
import { type ServiceCall, ServiceError } from '../service/service-client.ts';
import type { Look } from './readers.ts';
import { type ReadTargets, restLooks } from './rest-looks.ts';

const BASE = '/api/assisted-install/v2';

function site(load: Exclude<ReaderLoadName, 'hub-list'>) {
  const asked: string[] = [];
  const dues: (number | undefined)[] = [];
  const events = new Map<string, number>();
  const gone = new Set<string>();
  const targets: { -readonly [K in keyof ReadTargets]: string[] } = { clusters: [], infraEnvs: [] };
  const answer = (call: ServiceCall) => {
    const path = operationPath(call.endpoint, call.params, call.query);
    asked.push(path.replace(BASE, ''));
    dues.push(call.dueMs);
    if ([...gone].some((id) => path.includes(id))) throw new ServiceError('gone', 404, true, '');
    if (path.includes('broken')) throw new ServiceError('broken', 500, true, '');
    return new URL(path, 'http://x').searchParams;
  };
  const looking = restLooks(
    load,
    {
      call: async (call) => {
        answer(call);
        return Buffer.alloc(0);
      },
      json: async <T>(call: ServiceCall) => {
        const query = answer(call);
        const left = (events.get(query.get('cluster_id')!) ?? 0) - Number(query.get('offset'));
        return Array.from({ length: Math.min(Math.max(0, left), Number(query.get('limit'))) }) as T;
      },
    },
    () => targets,
  );
  const look = async (draw = 0) => {
    asked.length = 0;
    let requested = 0;
    const signal = new AbortController().signal;
    const one: Look = { dueMs: 5, draw, signal, requested: () => requested++ };
    await looking(one).finally(() => expect(requested).toBe(asked.length));
    return [...asked];
  };
  return { targets, events, gone, look, dues };
}

describe('looks', () => {
  it('are at lists alone while there is nothing else', async () => {
    for (const load of ['cluster-list', 'cluster-page', 'host-list', 'events'] as const) {
      expect(await site(load).look(), load).toEqual(['/clusters']);
    }
  });

  it('are at a page of a cluster, or at hosts of an infra-env, chosen anew each time', async () => {
    const page = site('cluster-page');
    page.targets.clusters.push('a', 'b');
    const query = 'deleted_hosts=true&cluster_level=true&limit=10&offset=0';
    expect(await page.look(0.1)).toEqual([
      ...['/clusters/a', '/clusters/a/hosts'],
      expect.stringMatching(/^\/events\?/),
    ]);
    expect(Object.fromEntries(new URLSearchParams((await page.look(0.9))[2]!.split('?')[1]))).toEqual(
      Object.fromEntries(new URLSearchParams(`order=descending&cluster_id=b&${query}`)),
    );
    // Due when the look is, and the others when the one before was answered.
    expect(page.dues.slice(0, 3)).toEqual([5, undefined, undefined]);
    const hosts = site('host-list');
    hosts.targets.infraEnvs.push('x', 'y', 'z');
    expect(await hosts.look(0.5)).toEqual(['/infra-envs/y/hosts']);
  });

  it('follow events from where they were, page by page, and another cluster when theirs is gone', async () => {
    const { targets, events, gone, look } = site('events');
    targets.clusters.push('a', 'b');
    events.set('a', 250).set('b', 3);
    const offsets = (paths: string[]) =>
      paths.map((path) => {
        const query = new URLSearchParams(path.split('?')[1]);
        return `${query.get('cluster_id')} ${query.get('offset')}`;
      });
    expect(offsets(await look(0))).toEqual(['a 0', 'a 100', 'a 200']);
    // It stays, whatever is drawn.
    expect(offsets(await look(0.9))).toEqual(['a 250']);
    events.set('a', 350);
    expect(offsets(await look(0.9))).toEqual(['a 250', 'a 350']);
    gone.add('cluster_id=a');
    expect(offsets(await look(0.9))).toEqual(['a 350']);
    targets.clusters.shift();
    expect(offsets(await look(0.9))).toEqual(['b 0']);
    targets.clusters.length = 0;
    expect(await look()).toEqual(['/clusters']);
  });

  it('fail for what the service cannot answer, and not for what is gone', async () => {
    const { targets, gone, look } = site('cluster-page');
    targets.clusters.push('a');
    gone.add('clusters/a').add('cluster_id=a');
    expect(await look()).toHaveLength(3);
    targets.clusters[0] = 'broken';
    await expect(look()).rejects.toThrow('broken');
  });
});
