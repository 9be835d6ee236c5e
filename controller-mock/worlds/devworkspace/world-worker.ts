/** The thread of world-thread.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { FollowedTime } from '../../../model/time/followed-time.ts';
import { SteadyClock } from '../../../model/time/steady-clock.ts';
import { startDevWorkspaceWorld } from './devworkspace-world.ts';
import type { WorldThreadData, WorldThreadReport } from './world-thread.ts';

const { time, speed, options } = workerData as WorldThreadData;
const port = parentPort!;
const tell = (report: WorldThreadReport) => port.postMessage(report);

try {
  const clock = new SteadyClock(speed, new FollowedTime(time));
  const world = await startDevWorkspaceWorld({ ...options, clock });
  port.once('message', async () => {
    await world.close();
    process.exit(0);
  });
  tell({ kubeconfig: world.kubeconfig });
} catch (error) {
  tell({ failed: (error as Error).message });
}
