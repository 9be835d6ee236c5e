/** `swarm mock service` with settings that the service does not start with. */
import { afterAll, expect, it } from 'vitest';
import { Cli } from './testing/cli.ts';

const cli = new Cli();
afterAll(() => cli.killAll());

it('calls variables that cannot be read wrong input, all of them at once', async () => {
  const env = { HOST_MONITOR_INTERVAL: 'banana', ENABLE_KUBE_API: 'perhaps', AUTH_TYPE: 'rhsso' };
  expect(await cli.start(['mock', 'service', '--listen', '127.0.0.1:0'], env).ended).toEqual({
    code: 2,
    stdout: '',
    stderr: [
      'swarm: ENABLE_KUBE_API: "perhaps" is no boolean. Write true or false.',
      'HOST_MONITOR_INTERVAL: "banana" is no duration. Write a Go duration, for example 8s, 3m or 1h30m (units ns, us, ms, s, m, h).',
      'AUTH_TYPE: "rhsso" is not supported. Write none or local.',
      '',
    ].join('\n'),
  });
});

it.each([
  [{ DISABLED_HOST_VALIDATIONS: 'nonsense' }, /unknown validations nonsense/],
  [{ AUTH_TYPE: 'local', EC_PRIVATE_KEY_PEM: 'x' }, /EC_PRIVATE_KEY_PEM is not a private key/],
])('says what is wrong with %o', async (env, said) => {
  const ended = await cli.start(['mock', 'service', '--listen', '127.0.0.1:0'], env).ended;
  expect(ended).toMatchObject({ code: 2, stderr: expect.stringMatching(said) });
});
