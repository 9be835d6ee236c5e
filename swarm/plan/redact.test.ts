import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { expandPlan } from './expand.ts';
import { parsePlan } from './load.ts';
import { PlanError } from './plan.ts';
import { REDACTED, Redactor, redactedPlanText, redactPlan, redactText, redactUrl } from './redact.ts';

const planWith = (secrets: { agentToken?: string; authorization?: string; pullSecret?: string }) =>
  expandPlan(
    parsePlan(
      {
        seed: 's',
        service: {
          url: 'http://service.example.com/base',
          ...(secrets.agentToken !== undefined && { agent_token: secrets.agentToken }),
          ...(secrets.authorization !== undefined && { user_authorization: secrets.authorization }),
        },
        ...(secrets.pullSecret !== undefined && { pull_secret: secrets.pullSecret }),
        clusters: [{ topology: 'sno' }],
      },
      'p',
    ),
  );

describe('URLs', () => {
  test.each([
    ['https://user:pass@service.example.com/base', `https://${REDACTED}@service.example.com/base`],
    ['https://user:p@ss@host', `https://${REDACTED}@host`],
    ['https://user:p/a?s#s@host:80/', `https://${REDACTED}@host:80/`],
    ['http:user:pass@host', `http:${REDACTED}@host`],
    ['http:\\\\user:pass@host', `http:\\\\${REDACTED}@host`],
    ['user:pass@host', `${REDACTED}@host`],
    ['http://host:8090/base', 'http://host:8090/base'],
    ['embedded', 'embedded'],
    ['http://h/files?api_key=a.b-c&file_name=x#api_key', `http://h/files?api_key=${REDACTED}&file_name=x#api_key`],
    ['http://h/files?a=b&image_token=a.b', `http://h/files?a=b&image_token=${REDACTED}`],
    ['http://h/byapikey/a.b-c/4.18/full.iso', `http://h/byapikey/${REDACTED}/4.18/full.iso`],
  ])('%s is shown as %s', (url, shown) => {
    expect(redactUrl(url)).toBe(shown);
  });

  test.each([
    ['GET https://u:p@h/x failed', `GET https://${REDACTED}@h/x failed`],
    ['both "http://u:p@h" and http://v:q@i.', `both "http://${REDACTED}@h" and http://${REDACTED}@i.`],
    ['a password with a slash: https://u:p/w@h/', `a password with a slash: https://${REDACTED}@h/`],
    ['GET http://h/x?api_key=a.b: 404', `GET http://h/x?api_key=${REDACTED} 404`],
    ['wss://token@h/a@b', `wss://${REDACTED}@h/a@b`],
    ['an image quay.io/a/b@sha256:12 and https://quay.io/a/b@sha256:12', null],
    ['mail swarm@example.com, see http://example.com', null],
    ['http://[::1]:80/x@y', null],
  ])('in text: %s', (text, shown) => {
    expect(redactText(text)).toBe(shown ?? text);
  });

  it('in long texts and long secrets take no more than a look at each character', () => {
    for (const piece of ['a', 'x://', '@', 'a@', ':', '://', 'a:b@', '/', '://@']) {
      const text = `${piece.repeat(500_000)}\n@`;
      expect(redactText(text).endsWith('@')).toBe(true);
      expect(redactUrl(text).endsWith('@')).toBe(true);
      expect(new Redactor([piece.repeat(50_000)]).text(`${text}…${text}`).endsWith('@')).toBe(true);
    }
  });
});

describe('a plan', () => {
  it('loses its secrets, keeps the rest, and stays as it was', () => {
    const plan = planWith({ agentToken: 'tok', authorization: 'Bearer u' });
    const shown = redactPlan(plan);
    expect(JSON.stringify(shown)).not.toMatch(/tok"|Bearer u|auths/);
    expect(shown).toEqual({
      ...plan,
      pullSecret: REDACTED,
      service: { ...plan.service, agentToken: REDACTED, userAuthorization: REDACTED },
    });
    expect(plan.service.agentToken).toBe('tok');
    expect(redactPlan({ ...plan, pullSecret: '' }).pullSecret).toBe('');
  });
});

describe('secrets in texts', () => {
  const password = 'p4ss:w0rd"/x';
  const auth = Buffer.from(`user:${password}`).toString('base64');
  const pullSecret = JSON.stringify({ auths: { 'quay.io': { auth, email: 'me@example.com' } } });
  const redactor = Redactor.of(
    planWith({ agentToken: 'agent-token-1', authorization: 'Bearer user-token-1', pullSecret }),
  );

  test.each([
    ['the token', 'X-Secret-Key: agent-token-1!', `X-Secret-Key: ${REDACTED}!`],
    ['the authorization', 'got Bearer user-token-1', `got ${REDACTED}`],
    ['the authorization without its scheme', 'token user-token-1 is expired', `token ${REDACTED} is expired`],
    ['the pull secret', `body ${pullSecret}`, `body ${REDACTED}`],
    ['the pull secret inside of JSON', JSON.stringify({ pullSecret }), `{"pullSecret":"${REDACTED}"}`],
    ['a part of it', `auth ${auth}`, `auth ${REDACTED}`],
    ['what a part stands for', `login user:${password}`, `login ${REDACTED}`],
    ['a password alone', `${password} is wrong`, `${REDACTED} is wrong`],
    ['an encoded one', `?p=${encodeURIComponent(password)}`, `?p=${REDACTED}`],
    ['the beginning before a gap', 'sent agent-tok … and more', `sent ${REDACTED} … and more`],
    ['the end after a gap', 'sent … nt-token-1 and more', `sent … ${REDACTED} and more`],
    ['nothing', 'the agent polls me@example.com at quay.io', 'the agent polls me@example.com at quay.io'],
  ])('%s', (_name, text, shown) => {
    expect(redactor.text(text)).toBe(shown);
  });

  it('in data are found at any depth; words of ours and what has none stay the same', () => {
    const clean = { type: 'x', list: [1, 'two', { three: null }] };
    expect(redactor.data(clean)).toBe(clean);
    const given = { type: 'agent-token-1', list: [{ deep: ['agent-token-1', 5] }], reason: 'by agent-token-1' };
    expect(redactor.data(given)).toEqual({
      type: 'agent-token-1',
      list: [{ deep: [REDACTED, 5] }],
      reason: `by ${REDACTED}`,
    });
    expect(given.reason).toContain('agent-token-1');
  });

  it('of any kind are hidden whatever stands around them', () => {
    const secret = fc.string({ minLength: 8, maxLength: 40, unit: 'grapheme-ascii' }).map((text) => `§${text}§`);
    fc.assert(
      fc.property(
        fc.array(secret, { minLength: 1, maxLength: 5 }),
        fc.string(),
        fc.string(),
        (secrets, before, after) => {
          const all = new Redactor(secrets);
          for (const one of secrets) {
            expect(all.text(before + one + after)).not.toContain(one);
            expect(JSON.stringify(all.data({ a: [before + one], b: { c: one } }))).not.toContain(
              JSON.stringify(one).slice(1, -1),
            );
          }
        },
      ),
    );
  });
});

it('no complaint about a plan repeats a password, wherever it was put', () => {
  const word = fc.stringMatching(/^[a-z0-9]{8,12}$/);
  const place = fc.constantFrom(
    (url: string) => ({ service: { url }, clusters: [{ topology: 'sno' }] }),
    (url: string) => ({ service_endpoint: url, clusters: [{ topology: 'sno' }] }),
    (url: string) => ({ service: url, clusters: [{ topology: 'sno' }] }),
    (url: string) => ({ clusters: [{ topology: url }] }),
    (url: string) => ({ [url]: 1, clusters: [{ topology: 'sno' }] }),
    (url: string) => ({ name: url, clusters: [{ topology: 'sno', platform: url }] }),
    (url: string) => ({ clusters: [{ topology: 'sno', infraenv_labels: { [url]: 'x' } }] }),
    (url: string) => ({ clusters: [{ topology: 'sno' }], connections: { source_addresses: [url] } }),
  );
  fc.assert(
    fc.property(place, word, word, fc.constantFrom('http', 'https', 'ftp'), (plan, user, password, scheme) => {
      try {
        parsePlan(plan(`${scheme}://${user}:${password}@service.example.com/`), 'p');
        expect.unreachable();
      } catch (error) {
        expect(error).toBeInstanceOf(PlanError);
        expect(JSON.stringify((error as PlanError).problems) + (error as Error).message).not.toContain(password);
      }
    }),
  );
});

test('secrets of values are hidden wherever they are repeated, and kept nowhere', async () => {
  const { plannedManifests } = await import('../daemon/manifest-source.ts');
  const auth = Buffer.from('robot:hunter2hunter2').toString('base64');
  const pull_secret = JSON.stringify({ auths: { 'quay.io': { auth } } });
  const text = JSON.stringify({ release_image: 'a', pull_secret, bmc_password: 'open-sesame' });
  const given = expandPlan(parsePlan({ clusters: [{ topology: 'sno', api: 'kube' }] }, 'plan'));
  const { plan } = plannedManifests({ ...given, manifests: { values: { file: 'v', text }, templates: null } });
  const told = `refused ${auth}, ${Buffer.from(pull_secret).toString('base64')}, robot:hunter2hunter2 and open-sesame`;
  expect(Redactor.of(plan).text(told)).toBe('refused (redacted), (redacted), (redacted) and (redacted)');
  expect(JSON.stringify(redactPlan(plan))).not.toMatch(new RegExp(`hunter2|sesame|${auth}`));
});

test('the text of a values file is not shown', () => {
  const plan = expandPlan(parsePlan({ clusters: [{ topology: 'sno', api: 'kube' }] }, 'plan'));
  const values = { file: '/plans/values.yaml', text: 'bmc_password: hunter2hunter2' };
  const shown = redactPlan({ ...plan, manifests: { values, templates: null } });
  expect(JSON.stringify(shown)).not.toContain('hunter2');
  expect(shown.manifests.values?.file).toBe('/plans/values.yaml');
});

test.each([
  0, 1, 999, 1000, 1001, 2500,
])('the text of a plan of %s clusters is the plan that may be shown, in short pieces', (amount) => {
  const one = expandPlan(parsePlan({ seed: 's', clusters: [{ topology: 'sno' }] }, 'plan'));
  const plan = { ...one, clusters: Array.from({ length: amount }, (_, index) => ({ ...one.clusters[0]!, index })) };
  const pieces = [...redactedPlanText(plan)];
  expect(JSON.parse(pieces.join(''))).toEqual(JSON.parse(JSON.stringify(redactPlan(plan))));
  // A string has at most half a billion characters.
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(1_000_000);
});

test('a secret that one of many clusters repeats is not in the text of the plan', () => {
  const auth = Buffer.from('robot:hunter2hunter2').toString('base64');
  const pull_secret = JSON.stringify({ auths: { 'quay.io': { auth } } });
  const one = expandPlan(parsePlan({ seed: 's', pull_secret, clusters: [{ topology: 'sno' }] }, 'plan'));
  const told = { note: 'it is hunter2hunter2', role: 'native' };
  const plan = {
    ...one,
    clusters: Array.from({ length: 2500 }, (_, index) => ({
      ...one.clusters[0]!,
      ...{ index, infraEnvLabels: index === 1700 ? told : {} },
    })),
  };
  const shown = JSON.parse([...redactedPlanText(plan)].join('')) as typeof plan;
  expect(shown.clusters[1700]!.infraEnvLabels).toEqual({ note: `it is ${REDACTED}`, role: 'native' });
  expect(shown).toEqual(JSON.parse(JSON.stringify(redactPlan(plan))));
});
