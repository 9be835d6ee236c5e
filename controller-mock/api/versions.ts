/** `v1` before `v1beta1` before `v1alpha1`, higher numbers first; other names last, in order of the alphabet. */
export function compareVersions(a: string, b: string): number {
  const left = versionRank(a);
  const right = versionRank(b);
  for (let index = 0; index < left.length; index++) {
    const difference = right[index]! - left[index]!;
    if (difference !== 0) return difference;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

function versionRank(version: string): [number, number, number] {
  const parts = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (!parts) return [0, 0, 0];
  const maturity = parts[2] === 'alpha' ? 1 : parts[2] === 'beta' ? 2 : 3;
  return [maturity, Number(parts[1]), Number(parts[3] ?? 0)];
}
