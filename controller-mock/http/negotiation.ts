/**
 * Content negotiation, objects, Tables and PartialObjectMetadata as JSON or YAML: kubernetes/apiserver,
 * pkg/endpoints/handlers/negotiation/negotiate.go NegotiateMediaTypeOptions.
 */
import { notAcceptable } from '../api/status.ts';

export interface Representation {
  form: 'object' | 'table' | 'partial';
  /** meta.k8s.io version of a Table or PartialObjectMetadata. */
  metaVersion: 'v1' | 'v1beta1';
  encoding: 'json' | 'yaml';
}

const PLAIN: Representation = { form: 'object', metaVersion: 'v1', encoding: 'json' };

interface Clause {
  type: string;
  parameters: ReadonlyMap<string, string>;
  quality: number;
}

function parseAccept(header: string): Clause[] {
  return header
    .split(',')
    .map((text) => {
      const [type = '', ...rest] = text.split(';').map((part) => part.trim());
      const parameters = new Map(
        rest.map((part) => {
          const equals = part.indexOf('=');
          return [part.slice(0, equals).toLowerCase(), part.slice(equals + 1).replace(/^"(.*)"$/, '$1')] as const;
        }),
      );
      const quality = Number(parameters.get('q') ?? 1);
      return { type: type.toLowerCase(), parameters, quality: Number.isNaN(quality) ? 1 : quality };
    })
    .filter((clause) => clause.type !== '' && clause.quality > 0)
    .sort((a, b) => b.quality - a.quality);
}

const SERVED = ['application/json', 'application/yaml'];

/**
 * The first clause that can be served; protobuf answers are not made, and clients that prefer it take JSON as well.
 * @throws ApiStatusError 406
 */
export function negotiate(header: string | undefined): Representation {
  if (header === undefined || header === '' || header === 'application/json' || header === '*/*') return PLAIN;
  for (const { type, parameters } of parseAccept(header)) {
    const encoding =
      type === 'application/yaml'
        ? 'yaml'
        : type === 'application/json' || type === 'application/*' || type === '*/*'
          ? 'json'
          : undefined;
    if (!encoding) continue;
    const as = parameters.get('as');
    if (as === undefined) return { ...PLAIN, encoding };
    const version = parameters.get('v');
    if (parameters.get('g') !== 'meta.k8s.io' || (version !== 'v1' && version !== 'v1beta1')) continue;
    if (as === 'Table') return { form: 'table', metaVersion: version, encoding };
    if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') {
      return { form: 'partial', metaVersion: version, encoding };
    }
  }
  throw notAcceptable(SERVED);
}

/** Version of aggregated discovery the client reads, preferred first; undefined for plain discovery. */
export function negotiateDiscovery(header: string | undefined): 'v2' | 'v2beta1' | undefined {
  for (const { type, parameters } of parseAccept(header ?? '')) {
    if (type !== 'application/json' && type !== '*/*') continue;
    const as = parameters.get('as');
    if (as === undefined) return undefined;
    const version = parameters.get('v');
    if (as !== 'APIGroupDiscoveryList' || parameters.get('g') !== 'apidiscovery.k8s.io') continue;
    if (version === 'v2' || version === 'v2beta1') return version;
  }
  return undefined;
}
