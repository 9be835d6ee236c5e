/** Files of one volume that hide each other: kubernetes, pkg/api/pod/warnings.go warningsForOverlappingVirtualPaths. */
import { at, type Fields, items, text } from '../fields.ts';

interface File {
  readonly path: string;
  /** Where a projected volume has it from; '' in others. */
  readonly source: string;
}

const shown = ({ path, source }: File): string =>
  source === '' ? JSON.stringify(path) : `${JSON.stringify(path)} (${source})`;

/** Whether they are the same, or one is where the other has a folder. */
const collide = (one: File, other: File): boolean =>
  one.path !== '' &&
  other.path !== '' &&
  (`${one.path}/`.startsWith(`${other.path}/`) || `${other.path}/`.startsWith(`${one.path}/`));

function overlaps(files: readonly File[]): string[] {
  const trimmed = files.map(({ path, source }) => ({ path: path.replace(/\/+$/, ''), source }));
  return trimmed.flatMap((file, index) =>
    trimmed
      .slice(0, index)
      .filter((earlier) => collide(file, earlier))
      .map((earlier) => `${shown(file)} with ${shown(earlier)}`),
  );
}

const filesOf = (holder: unknown, source: string): File[] =>
  items(holder, 'items').map((item) => ({ path: text(item, 'path'), source }));

const quoted = (holder: unknown, field: string): string => JSON.stringify(text(holder, field));

function projected(source: Fields): File[] {
  if (at(source, 'configMap', 'items'))
    return filesOf(source.configMap, `ConfigMap ${quoted(source.configMap, 'name')}`);
  if (at(source, 'secret', 'items')) return filesOf(source.secret, `Secret ${quoted(source.secret, 'name')}`);
  if (at(source, 'downwardAPI', 'items')) return filesOf(source.downwardAPI, 'DownwardAPI');
  if (!source.serviceAccountToken) return [];
  return [{ path: text(source.serviceAccountToken, 'path'), source: 'ServiceAccountToken' }];
}

export function overlapAdvice(volumes: readonly Fields[]): string[] {
  return volumes.flatMap((volume) => {
    const { configMap, secret, downwardAPI, projected: holder } = volume;
    if (!configMap && !secret && !downwardAPI && !holder) return [];
    const name = quoted(volume, 'name');
    const of = (what: string, files: readonly File[]) =>
      overlaps(files).map((overlap) => `volume ${name} (${what}): overlapping paths: ${overlap}`);
    if (configMap) return of(`ConfigMap ${quoted(configMap, 'name')}`, filesOf(configMap, ''));
    if (secret) return of(`Secret ${quoted(secret, 'secretName')}`, filesOf(secret, ''));
    if (downwardAPI) return of('DownwardAPI', filesOf(downwardAPI, ''));
    const sources = items(holder, 'sources');
    return [
      ...sources
        .filter((source) => Object.keys(source).length === 0)
        .map(() => `volume ${name} (Projected) has no sources provided`),
      ...of('Projected', sources.flatMap(projected)),
    ];
  });
}
