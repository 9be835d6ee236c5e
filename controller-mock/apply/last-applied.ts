/**
 * kubectl's annotation of client-side apply, which its server-side apply takes over from: kubernetes/apimachinery,
 * pkg/util/managedfields/internal/lastappliedmanager.go allowedConflictsFromLastApplied, lastappliedupdater.go.
 */
import { isPlainObject } from '../api/json.ts';
import type { KubeObject } from '../api/object.ts';

/** Manager of `kubectl apply --server-side`, which takes over what client-side apply has written. */
const KUBECTL_MANAGER = 'kubectl';
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
/** Annotations of one object together; the last applied configuration is left out if it does not fit. */
const ANNOTATIONS_LIMIT_BYTES = 256 * 1024;

/** What kubectl applied last, as it noted it; undefined for other managers, and where nothing is noted. */
export function lastAppliedText(object: KubeObject | undefined, manager: string): string | undefined {
  return manager === KUBECTL_MANAGER ? object?.metadata.annotations?.[LAST_APPLIED] : undefined;
}

/** kubectl keeps the annotation of its client-side apply up to date, where there is one. */
export function withLastApplied(object: KubeObject, applied: KubeObject, manager: string): KubeObject {
  const noted = lastAppliedText(object, manager);
  if (!noted) return object;
  const { [LAST_APPLIED]: _, ...others } = applied.metadata.annotations ?? {};
  const metadata = { ...applied.metadata };
  if (applied.metadata.annotations) metadata.annotations = others;
  const text = goJson({ ...applied, metadata });
  if (text === noted) return object;
  const updated: Record<string, string> = { ...object.metadata.annotations, [LAST_APPLIED]: text };
  const size = Object.entries(updated).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
  if (size > ANNOTATIONS_LIMIT_BYTES) delete updated[LAST_APPLIED];
  return { ...object, metadata: { ...object.metadata, annotations: updated } };
}

/** JSON as Go writes it: keys in order, a line feed at the end, and nothing that HTML would take for markup. */
function goJson(value: unknown): string {
  const text = JSON.stringify(value, (_, entry: unknown) =>
    isPlainObject(entry) ? Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1))) : entry,
  );
  const escaped = text.replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `${escaped}\n`;
}
