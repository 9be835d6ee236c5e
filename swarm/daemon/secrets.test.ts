/** What a run tells and keeps holds none of its plan's secrets, whoever repeats them. */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { adapterError } from '../cluster/testing/fake-service.ts';
import { expandPlan } from '../plan/expand.ts';
import { parsePlan } from '../plan/load.ts';
import { createStyle } from '../report/style.ts';
import { renderSummary } from '../report/summary-text.ts';
import type { RunEvent } from '../telemetry/run-event.ts';
import { realParts } from './parts.ts';
import { PoolLoneAgents } from './pool-lone-agents.ts';
import type { Run } from './run.ts';
import { RunManager } from './run-manager.ts';
import { createServer } from './server.ts';
import { FakeParts } from './testing/fakes.ts';

const word = (mark: string) => fc.stringMatching(/^[A-Za-z0-9+/]{10,24}$/).map((text) => `${mark}${text}`);

it('in files, answers, events, metrics and the summary', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'swarm-secrets-'));
  await fc.assert(
    fc.asyncProperty(word('agent+'), word('user+'), word('pass+'), async (agentToken, userToken, password) => {
      const auth = Buffer.from(`me:${password}`).toString('base64');
      const expanded = expandPlan(
        parsePlan(
          {
            seed: 's',
            service: { url: 'http://127.0.0.1:9', agent_token: agentToken, user_authorization: `Bearer ${userToken}` },
            pull_secret: JSON.stringify({ auths: { 'quay.io': { auth } } }),
            clusters: [{ topology: 'sno' }, { topology: 'sno' }],
          },
          'p',
        ),
      );
      // The waits of a run vanish; which speeds a service may have is checked above this.
      const plan = { ...expanded, clockSpeed: 1000 };
      const secrets = [agentToken, userToken, password, auth];
      const quote = `answered 400: {"token":"${agentToken}","auth":"${auth}"} for Bearer ${userToken}, me:${password}, http://a:${password}@h/`;

      const parts = new FakeParts();
      parts.service.errors.set('createCluster', [adapterError(quote, false)]);
      parts.service.statusInfo = quote;
      parts.service.script = ['error'];
      const told: RunEvent[] = [];
      let run: Run | null = null;
      const runs = new RunManager({
        startEmbedded: parts.startEmbedded.bind(parts),
        createCollectors: parts.createCollectors.bind(parts),
        startEmbeddedHub: parts.startEmbeddedHub.bind(parts),
        createUser: parts.createUser.bind(parts),
        // The files are the real ones.
        openStore: realParts({ directory, warn: () => {} }).openStore,
        createPool: async (options) => {
          const pool = await parts.createPool(options);
          const host = { time: 1, cluster: 1, host: 1, id: 'x' } as const;
          options.onEvents([
            { ...host, type: 'host.error', kind: 'step-failed', message: quote },
            { ...host, type: 'host.status', status: 'error', info: quote },
            { ...host, type: 'host.phase', phase: 'failed', reason: quote },
          ]);
          options.onWorkerLost?.({ worker: 0, message: quote, clusters: [1] });
          return pool;
        },
      });
      const server = await createServer({ runs, agents: new PoolLoneAgents(), exit: () => {} });
      await server.listen({ host: '127.0.0.1', port: 0 });
      const base = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
      run = runs.start(plan);
      run.events.listen((event) => told.push(event));
      await runs.idle();

      const texts: Record<string, string> = {
        events: JSON.stringify(told),
        summary: renderSummary(run.summary(), createStyle(false)),
        reasons: run.reasons.join('\n'),
      };
      for (const path of [
        '',
        `/${run.id}`,
        `/${run.id}/summary`,
        `/${run.id}/report`,
        `/${run.id}/clusters`,
        `/${run.id}/hosts`,
        `/${run.id}/hosts/1`,
      ]) {
        texts[path] = await (await fetch(`${base}/api/v1/runs${path}`)).text();
      }
      texts.metrics = await (await fetch(`${base}/metrics`)).text();
      for (const name of readdirSync(run.directory!)) texts[name] = readFileSync(join(run.directory!, name), 'latin1');
      await server.close();

      // The quotes did arrive where they could do harm.
      expect(texts.reasons).toContain('(redacted)');
      expect(texts['events.ndjson']).toContain('(redacted)');
      expect(texts['summary.json']).toContain('(redacted)');
      for (const [place, text] of Object.entries(texts)) {
        for (const secret of secrets) expect(text, place).not.toContain(secret);
      }
    }),
    { numRuns: 5 },
  );
});
