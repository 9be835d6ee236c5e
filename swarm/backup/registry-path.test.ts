import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { incorrectRegistryPath, registryHost, registryPathProblem } from './registry-path.ts';

describe('the path of a registry', () => {
  it.each([
    'quay.io',
    'quay.io/me',
    'quay.io/me/',
    'quay.io/some.one/backups-1',
    'ttl.sh',
    'localhost/x',
    'localhost:5000',
    'registry:5000/load',
    'image-registry.openshift-image-registry.svc:5000',
    '192.0.2.7:5000/x',
  ])('%s', (path) => {
    expect(registryPathProblem(path)).toBeNull();
  });

  it.each([
    [
      'quay.io/CHANGEME',
      /still the placeholder "quay.io\/CHANGEME".* quay.io\/yourname .*sed -i 's\|quay.io\/CHANGEME\|/,
    ],
    ['me/backups', /without the host .* quay.io\/yourname/],
    ['', /without the host/],
    ['/me', /without the host/],
    ['https://quay.io/me', /with a scheme/],
    ['quay.io/me:latest', /with a tag/],
    ['quay.io/Me', /"Me" is no part of a repository: allowed are small letters/],
    ['quay.io//me', /"" is no part/],
    ['quay.io/my name', /with a blank/],
  ])('refuses %j', (path, problem) => {
    expect(registryPathProblem(path)).toMatch(problem);
  });

  it('is never repeated when it holds a password', () => {
    expect(registryPathProblem('robot:hunter2@quay.io/me')).toMatch(/neither passwords nor digests/);
    expect(registryPathProblem('robot:hunter2@quay.io/me')).not.toContain('hunter2');
  });

  it('keeps its host', () => {
    expect(registryHost('quay.io/me/x')).toBe('quay.io');
    expect(registryHost('registry:5000')).toBe('registry:5000');
  });
});

describe('an incorrect path', () => {
  it.each([
    ['quay.io/me', 'quay.i/me'],
    ['quay.io', 'quay.i'],
    ['quay.io:443/me', 'quay.i:443/me'],
    // What holds the word is no quay.io.
    ['notquay.io/me', 'notquay.io.invalid/me'],
    ['registry.example:5000/quay.io', 'registry.example.invalid:5000/quay.io'],
    ['ttl.sh', 'ttl.sh.invalid'],
  ])('%s → %s', (path, incorrect) => {
    expect(incorrectRegistryPath(path)).toBe(incorrect);
  });

  it('is always another host, and well-formed', () => {
    const host = fc.tuple(fc.domain(), fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: null }));
    const path = host.map(([name, port]) => `${name}${port === null ? '' : `:${port}`}/me`);
    fc.assert(
      fc.property(path, (one) => {
        const incorrect = incorrectRegistryPath(one);
        expect(registryHost(incorrect)).not.toBe(registryHost(one));
        expect(registryPathProblem(incorrect)).toBeNull();
      }),
    );
  });
});
