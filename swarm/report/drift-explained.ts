/** Differences that are known, and whose cause is neither kind's program. docs/fidelity.md says the same. */
import type { FoundDifference } from './difference.ts';

interface Explanation {
  is(difference: FoundDifference): boolean;
  why: string;
}

export const EXPLAINED: readonly Explanation[] = [
  {
    is: ({ kind, where }) => kind === 'size' && where.startsWith('upload-logs'),
    why: 'what no-op hosts gather their logs from is replaced; native ones send archives as large as those of real hosts',
  },
  {
    is: ({ where }) => where === 'post-step-reply container-image-availability without output',
    why: 'images are there at once on no-op hosts; native ones pull them as long as real ones, and say in between that they are busy',
  },
  {
    is: ({ kind, where }) => kind === 'cadence' && where === 'host-progress',
    why: 'how long the image takes to be written is drawn for each host of both kinds, from the same table',
  },
];
