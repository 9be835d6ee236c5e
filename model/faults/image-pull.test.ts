import { describe, expect, it } from 'vitest';
import { pullDelayMs } from './image-pull.ts';

describe('pulling an image that is not there', () => {
  it.each([
    [0, 0],
    [1, 5],
    [5, 5],
    [6, 15],
    [100, 155],
    [300, 315],
    // The unit ends the script after ten minutes and begins anew.
    [316, 603],
    [604, 608],
    [609, 618],
    [1300, 1361],
  ])('for %d s ends with a try after %d s', (lasting, seconds) => {
    expect(pullDelayMs(lasting * 1000) / 1000).toBe(seconds);
  });
});
