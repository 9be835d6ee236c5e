/** Numbers for people. */
export const count = (value) => Math.round(value).toLocaleString('en-US');

export const ms = (value) =>
  value === null
    ? '-'
    : value < 10
      ? `${value.toFixed(1)} ms`
      : value < 1000
        ? `${value.toFixed(0)} ms`
        : `${(value / 1000).toFixed(1)} s`;

/** Of seconds: `45 s`, `3m05s`, `2h10m`. */
export function span(seconds) {
  if (seconds < 60) return `${seconds < 10 && seconds % 1 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  const two = (value) => String(value).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h${two(Math.floor(whole / 60) % 60)}m`;
}

export const long = (milliseconds) => (milliseconds < 60_000 ? ms(milliseconds) : span(milliseconds / 1000));

export const share = (part, whole) =>
  whole ? `${((100 * part) / whole).toFixed(part && part / whole < 0.1 ? 2 : 1)}%` : '-';

/** `1,234`, `12.3k`, `4.5M`. */
export function short(value) {
  const size = Math.abs(value);
  if (size >= 1e9) return `${Number((value / 1e9).toPrecision(3))}G`;
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  if (size >= 1e4) return `${Number((value / 1e3).toPrecision(3))}k`;
  return Number(value.toPrecision(3)).toLocaleString('en-US', { maximumFractionDigits: 6 });
}

function bytes(value) {
  const unit = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = value < 1 ? 0 : Math.min(4, Math.floor(Math.log2(value) / 10));
  return `${Number((value / 1024 ** power).toPrecision(3))} ${unit[power]}`;
}

/** A value in the unit of a figure. */
export function inUnit(value, unit) {
  if (value === null || value === undefined) return '-';
  if (unit === 'ms') return value === 0 ? '0' : long(value);
  if (unit === 'seconds' || unit === 's') return value === 0 ? '0' : long(value * 1000);
  if (unit === 'bytes') return bytes(value);
  if (unit === 'bytes/s') return `${bytes(value)}/s`;
  if (unit === 'share') return `${Number((value * 100).toPrecision(3))}%`;
  if (unit === '%') return `${short(value)}%`;
  if (unit === '/s') return `${short(value)}/s`;
  return unit === '' || unit === 'count' ? short(value) : `${short(value)} ${unit}`;
}

/** Of quantiles that nothing was counted for. */
export const some = (quantiles, name) => (quantiles?.count ? ms(quantiles[name]) : '-');

/** `deploy 3`. */
export const partName = ({ phase, step }) => (step === null || step === undefined ? phase : `${phase} ${step}`);

/** What a step asks for; '' without one. */
export const levelText = (level) =>
  !level ? '' : 'hosts' in level ? `${short(level.hosts)} hosts` : `${short(level.clustersPerHour)} clusters/h`;

/** A figure with its labels, as in a plan. */
export function figureText(figure, labels = {}) {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}: ${value}`);
  return pairs.length ? `${figure}{${pairs.join(', ')}}` : figure;
}
