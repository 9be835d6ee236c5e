/**
 * What the built-in DevWorkspace leaves in /projects, and how a restored one tells whether it is all there. Its container is told by
 * its environment:
 *
 *   PAYLOAD_BYTES    at its first start, with nothing there, it writes so many random bytes; 0: nothing
 *   PAYLOAD_MARKER   … beside this text; unless given, the workspace's id, which the operator puts in
 *   PAYLOAD_ENTRY    … into this directory; `payload` unless given, and hidden with a dot before it
 *   PAYLOAD_READY    file that it makes once all is in place, outside of /projects, for a probe
 *   EXPECT_MARKER    it writes nothing: it looks whether checksums and marker are right, and ends with an error if they are not,
 *                    so that the workspace is ready only with the content it had
 */

/** For a POSIX shell with the programs of coreutils: an image such as ubi-micro has no others, not even sed. A directory gets its name at the end: a start that is cut off leaves no half of one. */
const SCRIPT = `set -eu
cd "\${PROJECTS_ROOT:-/projects}"
entry=\${PAYLOAD_ENTRY:-payload}
if [ -n "\${EXPECT_MARKER:-}" ]; then
  [ -e "$entry/sha256" ] || { echo "$PWD/$entry: FAILED, it is not there"; exit 1; }
  (cd "$entry" && sha256sum -c sha256) || { echo "$PWD/$entry: FAILED, it has changed"; exit 1; }
  marker=$(cat "$entry/marker")
  [ "$marker" = "$EXPECT_MARKER" ] || { echo "$PWD/$entry: FAILED, it is that of $marker"; exit 1; }
elif [ "\${PAYLOAD_BYTES:-0}" -gt 0 ] && [ ! -e "$entry" ]; then
  rm -rf "$entry.part"
  mkdir "$entry.part"
  head -c "$PAYLOAD_BYTES" /dev/urandom > "$entry.part/data"
  printf %s "\${PAYLOAD_MARKER:-\${DEVWORKSPACE_ID:-}}" > "$entry.part/marker"
  (cd "$entry.part" && sha256sum data marker > sha256)
  mv "$entry.part" "$entry"
fi
[ -z "\${PAYLOAD_READY:-}" ] || : > "$PAYLOAD_READY"
trap 'exit 0' TERM INT
sleep 2147483647 &
wait "$!"
`;

/** Of the public load test's own DevWorkspace: rohankanojia-testing/dwo-load-testing-using-k6-poc, common/utils.js, createOpinionatedDevWorkspace. */
const IMAGE = 'registry.access.redhat.com/ubi9/ubi-micro:9.6-1752751762';

type EnvironmentVariable = { name: string; value: string };
type Spec = Readonly<Record<string, unknown>>;

/** The container component that writes so many bytes and waits until it is stopped. */
export function payloadComponent(bytes: number): Spec {
  return {
    name: 'main',
    container: {
      image: IMAGE,
      mountSources: true,
      command: ['/bin/sh', '-c'],
      args: [SCRIPT],
      env: [{ name: 'PAYLOAD_BYTES', value: String(bytes) }],
      memoryRequest: '16Mi',
      memoryLimit: '64Mi',
      cpuRequest: '10m',
      cpuLimit: '200m',
    },
  };
}

/**
 * The `spec` of a DevWorkspace whose containers with a payload have further environment, such as `PAYLOAD_MARKER` for one that
 * writes and `EXPECT_MARKER` for one that is restored.
 */
export function withPayloadEnvironment(spec: Spec, environment: Readonly<Record<string, string>>): Spec {
  const copy = structuredClone(spec) as {
    template?: { components?: { container?: { env?: EnvironmentVariable[] } }[] };
  };
  for (const { container } of copy.template?.components ?? []) {
    if (!container?.env?.some(({ name }) => name === 'PAYLOAD_BYTES')) continue;
    const kept = container.env.filter(({ name }) => !(name in environment));
    container.env = [...kept, ...Object.entries(environment).map(([name, value]) => ({ name, value }))];
  }
  return copy as Spec;
}

/** In the container's own file system, which is new at each of its starts. */
const READY_FILE = '/tmp/payload-ready';

/**
 * As {@link withPayloadEnvironment}, and with a probe, so that the workspace is ready no sooner than its content is written, or found
 * to be right: a container without one is ready as it starts, whatever it finds a moment later. A startup probe is asked no more
 * once it has succeeded (devfile/devworkspace-operator, pkg/library/overrides/containers.go; its defaults are written out, as
 * older releases would set them again and again).
 */
export function withPayloadProof(spec: Spec, environment: Readonly<Record<string, string>>): Spec {
  const copy = withPayloadEnvironment(spec, { ...environment, PAYLOAD_READY: READY_FILE }) as {
    template?: { components?: { attributes?: object; container?: { env?: EnvironmentVariable[] } }[] };
  };
  for (const component of copy.template?.components ?? []) {
    if (!component.container?.env?.some(({ name }) => name === 'PAYLOAD_READY')) continue;
    const startupProbe = {
      exec: { command: ['/bin/sh', '-c', `[ -e ${READY_FILE} ]`] },
      periodSeconds: 1,
      timeoutSeconds: 5,
      successThreshold: 1,
      failureThreshold: 86_400,
    };
    component.attributes = { ...component.attributes, 'container-overrides': { startupProbe } };
  }
  return copy as Spec;
}

/** Whether a container of it keeps to the environment above. */
export function hasPayload(spec: Spec): boolean {
  const { components = [] } = (spec.template ?? {}) as {
    components?: { container?: { env?: EnvironmentVariable[] } }[];
  };
  return components.some(({ container }) => container?.env?.some(({ name }) => name === 'PAYLOAD_BYTES'));
}

/** Marks the content of a workspace: another one's, or that of an earlier run in the same place of a registry, is told apart. */
export function markerOf(run: string, { namespace, name }: { namespace: string; name: string }): string {
  return `${run}/${namespace}/${name}`;
}

const MEBIBYTE = 2 ** 20;

/** Size of a volume with room for so many bytes, for a restore beside them, and for a file system. */
export function payloadVolumeSize(bytes: number): string {
  return `${Math.max(64, Math.ceil((2 * bytes * 1.1) / MEBIBYTE) + 16)}Mi`;
}
