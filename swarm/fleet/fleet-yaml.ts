/** A fleet as text for kubectl: what to do with it, then its objects. */
import { stringify } from 'yaml';
import { formatDuration } from '../plan/duration.ts';
import {
  CONTAINER_SECURITY,
  FLEET_LABEL,
  type FleetObject,
  fleetObjects,
  podSecurity,
  RESULTS_FOLDER,
  resultsVolume,
} from './fleet-objects.ts';
import type { FleetSpec } from './fleet-spec.ts';

/** Bytes of values that a ConfigMap or Secret may have (kubernetes/kubernetes, pkg/apis/core/validation MaxSecretSize). */
const MOST_BYTES = 1 << 20;
/** Of all annotations of an object; `kubectl apply` keeps the object in one (apimachinery, pkg/api/validation TotalAnnotationSizeLimitB). */
const MOST_ANNOTATED = 256 << 10;

export interface FleetYaml {
  text: string;
  /** It is too large for `kubectl apply` without `--server-side`. */
  serverSide: boolean;
}

/** @throws RangeError when the plan's files are too large for a ConfigMap or Secret */
export function fleetYaml(spec: FleetSpec): FleetYaml {
  for (const [kind, files] of [['ConfigMap', spec.files.config] as const, ['Secret', spec.files.secret] as const]) {
    const bytes = files.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
    if (bytes > MOST_BYTES) {
      const largest = files.toSorted((a, b) => b.text.length - a.text.length)[0]!;
      throw new RangeError(
        `what the ${kind} is to hold has ${bytes} bytes, the largest part is ${largest.path}; allowed: ${MOST_BYTES}; say it with fewer entries, amount: N instead of N alike ones`,
      );
    }
  }
  const objects = fleetObjects(spec);
  const serverSide = objects.some((object) => Buffer.byteLength(JSON.stringify(object)) > MOST_ANNOTATED);
  const documents = objects.map((object: FleetObject) =>
    stringify(object, { lineWidth: 0, aliasDuplicateObjects: false }),
  );
  return { text: `${header(spec, serverSide)}\n---\n${documents.join('---\n')}`, serverSide };
}

/** Comments that begin the text: from applying it to merging what came out. */
function header(spec: FleetSpec, serverSide: boolean): string {
  const { name, namespace, shards, startAt, graceSeconds, plan } = spec;
  const kubectl = namespace === null ? 'kubectl' : `kubectl -n ${namespace}`;
  const selector = `-l ${FLEET_LABEL}=${name}`;
  const reader = `${name}-reader`;
  const lines = [
    `${shards} shards of plan ${plan.name}, seed ${plan.seed}: ${plan.hosts} hosts, ${plan.clusters} clusters. Made by swarm fleet render.`,
    'It holds secrets: pipe it to kubectl, or keep the file as one.',
    '',
    `Apply it before ${startAt.toISOString()}, when all shards begin (a shard that comes later begins at once, and says so):`,
    `  ${kubectl} apply ${serverSide ? '--server-side ' : ''}-f FILE`,
    'Watch it:',
    `  ${kubectl} get job,pods ${selector}`,
    `  ${kubectl} logs ${selector} --prefix --tail=20 --max-log-requests=${shards}`,
    `End it early; each shard removes what it made, within ${formatDuration(graceSeconds)}:`,
    `  ${kubectl} delete job ${name}`,
    'Fetch the results of all shards, those of killed ones too, and make one of them:',
    `  ${kubectl} run ${reader} --image=${spec.image} --restart=Never --overrides='${readerOverrides(spec, reader)}'`,
    `  ${kubectl} wait --for=condition=Ready pod/${reader}`,
    `  ${kubectl} cp ${reader}:${RESULTS_FOLDER}/${name} ${name}`,
    `  ${kubectl} delete pod ${reader}`,
    `  swarm merge ${name}/shard-*/*`,
    'Remove everything, the results on the volume too:',
    `  ${kubectl} delete job,configmap,secret,pvc ${selector}`,
  ];
  return lines.map((line) => `# ${line}`.trimEnd()).join('\n');
}

/** A pod that holds the volume, for `kubectl cp`. */
function readerOverrides(spec: FleetSpec, name: string): string {
  return JSON.stringify({
    spec: {
      automountServiceAccountToken: false,
      securityContext: podSecurity(spec),
      containers: [
        {
          name,
          image: spec.image,
          command: ['sleep', '3600'],
          securityContext: CONTAINER_SECURITY,
          volumeMounts: [{ name: 'results', mountPath: RESULTS_FOLDER, readOnly: true }],
        },
      ],
      volumes: [resultsVolume(spec)],
    },
  });
}
