/**
 * Curves over the time of a run, drawn by uPlot. All of them have one axis of time, one cursor, and the same bands behind them:
 *
 *   phases and steps, every second one shaded, with their names    outages in red    curves in front
 */
import uPlot from '/page/uplot.js';
import { el } from './dom.js';
import { inUnit, span } from './words.js';

const HEIGHT = 190;
const CURSOR = uPlot.sync('run');
const dark = matchMedia('(prefers-color-scheme: dark)');

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** What lies behind every curve: `{from, to, label, kind}` with kind phase or outage, and the end of the axis, in seconds. */
export const background = { bands: [], seconds: 1 };

function drawBands(plot) {
  const { ctx, bbox } = plot;
  const x = (seconds) => plot.valToPos(Math.max(0, Math.min(seconds, background.seconds)), 'x', true);
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  ctx.textBaseline = 'top';
  let phases = 0;
  for (const { from, to, label, kind } of background.bands) {
    const [left, right] = [x(from), x(to)];
    const outage = kind === 'outage';
    ctx.fillStyle = color(outage ? 'outage' : 'band');
    if (outage || phases++ % 2 === 0) ctx.fillRect(left, bbox.top, Math.max(outage ? 2 : 0, right - left), bbox.height);
    if (outage) continue;
    ctx.fillStyle = color('line');
    ctx.fillRect(left, bbox.top, ratio, bbox.height);
    ctx.fillStyle = color('soft');
    if (ctx.measureText(label).width + 6 * ratio < right - left)
      ctx.fillText(label, left + 3 * ratio, bbox.top + 2 * ratio);
  }
  ctx.restore();
}

/** Of lines that lie on each other: each with all below it. */
function stacked(columns) {
  const sums = [];
  for (const column of columns) {
    const below = sums.at(-1);
    sums.push(column.map((value, at) => (value ?? 0) + (below?.[at] ?? 0)));
  }
  return sums;
}

/**
 * Places of values with nothing measured before and after them: no line leads there, and what comes once may be what matters. Undefined
 * is no gap.
 */
function standingAlone(plot, series) {
  const values = plot.data[series];
  const next = (from, step) => {
    let at = from + step;
    while (at >= 0 && at < values.length && values[at] === undefined) at += step;
    return values[at] ?? null;
  };
  const alone = (value, at) => value != null && next(at, -1) === null && next(at, 1) === null;
  return values.flatMap((value, at) => (alone(value, at) ? [at] : []));
}

/**
 * A chart. `shape` is `{title, unit, lines: [{name, color}], stacked?, log?, bands?}`; `set` gives it values of the same form:
 * seconds, and a column a line, with null where nothing was measured.
 */
export class Chart {
  #shape;
  #plot = null;
  #columns = [];
  #place = el('div');
  #heading;
  node;

  constructor(shape) {
    this.#shape = shape;
    this.#heading = el('h3', {}, shape.title);
    this.node = el('figure', { class: shape.crossed ? 'crossed' : null }, this.#heading, this.#place);
    new ResizeObserver(() => this.#resize()).observe(this.#place);
    dark.addEventListener('change', () => this.#forget());
  }

  /** @param seconds of the points, in order @param columns one a line, in the order of the shape */
  set(seconds, columns) {
    this.#columns = columns;
    const drawn = this.#shape.stacked ? stacked(columns).reverse() : columns;
    const data = [seconds, ...drawn];
    const { unit, lines, title } = this.#shape;
    const last = lines.map(
      ({ name }, at) =>
        `${name} ${inUnit(
          columns[at].findLast((value) => value != null),
          unit,
        )}`,
    );
    // For who cannot see it.
    this.#place.setAttribute('role', 'img');
    this.#place.setAttribute('aria-label', `${title}: at the end ${last.join(', ')}`);
    this.#place.setAttribute('data-points', String(seconds.length));
    if (this.#plot) this.#plot.setData(data);
    else {
      this.#plot = new uPlot(this.#options(), data, this.#place);
      CURSOR.sub(this.#plot);
    }
  }

  #forget() {
    if (!this.#plot) return;
    const [seconds] = this.#plot.data;
    this.#plot.destroy();
    this.#plot = null;
    this.set([...seconds], this.#columns);
  }

  #width() {
    return Math.max(200, Math.floor(this.#place.clientWidth || 300));
  }

  #resize() {
    if (this.#plot && this.#plot.width !== this.#width()) this.#plot.setSize({ width: this.#width(), height: HEIGHT });
  }

  #options() {
    const { unit, lines, log, bands = [] } = this.#shape;
    const axis = { stroke: color('soft'), font: '11px system-ui, sans-serif', ticks: { show: false } };
    const grid = { stroke: color('line'), width: 1 };
    const text = (value) => (value === null ? '' : inUnit(value, unit));
    return {
      width: this.#width(),
      height: HEIGHT,
      padding: [8, 12, 0, 0],
      cursor: { sync: { key: CURSOR.key, setSeries: false }, drag: { x: false, y: false }, points: { size: 6 } },
      legend: { markers: { width: 0, fill: (_plot, at) => color(this.#lineOf(at).color) } },
      scales: {
        x: { time: false, range: () => [0, background.seconds] },
        y: log
          ? {
              distr: 3,
              range: (_plot, low, high) => [
                low > 0 ? 10 ** Math.floor(Math.log10(low)) : 1,
                high > 0 ? 10 ** Math.ceil(Math.log10(high * 1.05)) : 10,
              ],
            }
          : { range: (_plot, low, high) => [Math.min(0, low ?? 0), high > 0 ? high * 1.12 : 1] },
      },
      axes: [
        {
          ...axis,
          grid,
          size: 28,
          values: (_plot, ticks) => ticks.map((tick) => (tick === 0 ? '0' : span(tick))),
          space: 70,
        },
        {
          ...axis,
          grid: { ...grid, ...(log && { filter: powersOfTen }) },
          size: 62,
          values: (_plot, ticks) => ticks.map((tick) => (tick === null ? '' : text(tick))),
          ...(log && { filter: powersOfTen }),
        },
      ],
      series: [
        { label: 'at', value: (_plot, value) => (value === null ? 'the end' : span(value)) },
        ...this.#series(lines, text),
      ],
      bands: bands.map(({ from, to, color: name, part }) => ({
        series: [from + 1, to + 1],
        fill: faded(color(name), part),
      })),
      hooks: { drawClear: [drawBands] },
    };
  }

  /** @param at place of a series of the plot, from 1 */
  #lineOf(at) {
    const { lines } = this.#shape;
    return lines[this.#shape.stacked ? lines.length - at : at - 1] ?? lines[0];
  }

  #series(lines, text) {
    const plain = lines.map((_, at) => {
      const own = this.#shape.stacked ? lines.length - 1 - at : at;
      const { name, color: of } = lines[own];
      return {
        label: name,
        stroke: color(of),
        width: 1.5,
        points: { show: false, filter: standingAlone, size: 5, width: 0, fill: color(of) },
        ...(this.#shape.stacked && { fill: color(of), width: 0 }),
        // What a line says is its own part, not what lies below it.
        value: (_plot, _value, _series, index) =>
          text(
            index === null
              ? (this.#columns[own]?.findLast((one) => one != null) ?? null)
              : (this.#columns[own]?.[index] ?? null),
          ),
      };
    });
    return plain;
  }
}

const powersOfTen = (_plot, ticks) => ticks.map((tick) => (Number.isInteger(Math.log10(tick)) ? tick : null));

/** A color that lets through what is behind it. */
const faded = (name, part) => `color-mix(in srgb, ${name} ${part * 100}%, transparent)`;
