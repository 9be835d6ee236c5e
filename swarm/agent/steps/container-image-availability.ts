/**
 * Images pulled one after the other, with what that took
 * (assisted-installer-agent src/container_image_availability/container_image_availability.go).
 */
import { goJson } from '../../../model/protocol/go-json.ts';
import { hashWords, unitNumber } from '../../../model/time/random.ts';
import type { Machine } from '../../host/machine.ts';
import { objectArgument, type Step, StepArgumentError, textList } from './step.ts';

const STEP = 'image availability';
const MEGABYTE = 1_000_000;
/** Images of the installation are between 150 MB and 900 MB. */
const MIN_SIZE = 150 * MEGABYTE;
const SIZE_JITTER = 750 * MEGABYTE;

/** Exit code when an image could not be pulled. */
const FAILED = 2;

/** When machines whose images cannot be pulled were first asked for them; simulated milliseconds. */
const firstAsked = new WeakMap<Machine, number>();

function areUnavailable(machine: Machine, now: number): boolean {
  const { fault } = machine.host.plan;
  if (fault?.kind !== 'image-unavailable') return false;
  const since = firstAsked.get(machine) ?? now;
  firstAsked.set(machine, since);
  return fault.lastingMs === null || now - since <= fault.lastingMs;
}

export const containerImageAvailability: Step<string[]> = {
  parse(args) {
    const request = objectArgument(STEP, args);
    if (!Array.isArray(request.images)) throw new StepArgumentError(`${STEP}: images is required and a list`);
    return textList(STEP, request.images, 'images');
  },
  pieces: (images) => images.length,
  whileBusy: () => ({ output: '' }),
  run(images, { tookMs, machine, runtime }) {
    if (areUnavailable(machine, runtime.clock.now())) {
      const result = images.map((name) => ({ name, result: 'failure' }));
      return {
        output: goJson({ images: result.length > 0 ? result : null }),
        exitCode: images.length > 0 ? FAILED : 0,
      };
    }
    const sizes = images.map((name) => MIN_SIZE + Math.floor(unitNumber(hashWords(name)) * SIZE_JITTER));
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const result = images.map((name, index) => {
      const size = sizes[index]!;
      // At the speed of light in a compressed simulation a pull still took some time.
      const seconds = Math.max(((tookMs / 1000) * size) / total, 0.001);
      const rate = size / MEGABYTE / seconds;
      return { download_rate: rate, name, result: 'success', size_bytes: size, time: seconds };
    });
    return { output: goJson({ images: result.length > 0 ? result : null }) };
  },
};
