import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canRedraw, clip, Picture } from './picture.ts';
import { Terminal } from './testing/terminal.ts';

const columns = fc.constantFrom(undefined, 0, 1, 2, 5, 20, 50, 80, 200);
const rows = fc.constantFrom(undefined, 0, 2, 3, 12, 24, 50);
const pictures = fc.array(fc.array(fc.stringMatching(/^[ -~]{0,99}$/), { minLength: 1, maxLength: 30 }), {
  maxLength: 5,
});

describe('a picture', () => {
  it('is the only one on a terminal of any size, and leaves nothing behind', () => {
    fc.assert(
      fc.property(columns, rows, pictures, (columns, rows, pictures) => {
        const terminal = new Terminal(columns, rows);
        terminal.write('what was there before\n');
        const picture = new Picture(terminal);
        for (const lines of pictures) {
          picture.draw(lines);
          const shown = lines.slice(0, (rows || 24) - 1).map((line) => line.slice(0, (columns || 80) - 1));
          expect(terminal.text).toBe(`what was there before\n${shown.join('\n')}\n`);
        }
        picture.erase();
        expect(terminal.text).toBe('what was there before\n');
      }),
    );
  });

  it('is taken back whole from a window that was made narrower', () => {
    fc.assert(
      fc.property(fc.integer({ min: 30, max: 100 }), pictures, (narrow, pictures) => {
        const terminal = new Terminal(100, 100);
        terminal.write('before\n');
        const picture = new Picture(terminal);
        for (const lines of pictures) {
          terminal.columns = 100;
          picture.draw(lines.slice(0, 20));
          terminal.columns = narrow;
          picture.draw(['small']);
          expect(terminal.text).toBe('before\nsmall\n');
        }
      }),
    );
  });

  it.each([
    [{ isTTY: true }, { TERM: 'xterm' }, true],
    [{ isTTY: true, columns: 0, rows: 0 }, {}, true],
    [{ isTTY: true, rows: 1 }, {}, false],
    [{ isTTY: true }, { TERM: 'dumb' }, false],
    [{}, { TERM: 'xterm' }, false],
  ])('on %j with %j can be redrawn: %s', (screen, env, can) => {
    expect(canRedraw({ write: () => {}, ...screen }, env)).toBe(can);
  });

  it('cuts lines by what is visible, and closes colours', () => {
    expect(clip('\u001b[36mab\u001b[39mcd', 3)).toBe('\u001b[36mab\u001b[39mc');
    expect(clip('\u001b[36mabcd\u001b[39m', 0)).toBe('\u001b[36m\u001b[39m');
  });
});
