/** The parts of the benchmark, in the order in which they run. Their modules are loaded by processes of their own (child.ts). */

export interface PartEntry {
  name: string;
  /** One line of `--help`. */
  summary: string;
  /** Of its process. */
  execArgv?: readonly string[];
}

export const PARTS: readonly PartEntry[] = [
  {
    name: 'transport',
    summary: 'processor time of a request, beside bare sockets, undici, autocannon, wrk, k6 and vegeta',
  },
  {
    name: 'memory',
    summary: 'memory of a waiting agent, beside a bare connection, a virtual user of k6 and a stock agent',
  },
  { name: 'cost', summary: 'a swarm that waits: processor time and memory of each agent, of small and large swarms' },
  { name: 'workers', summary: 'one worker thread and two; what the main thread lets them become' },
  { name: 'churn', summary: 'whether memory stays level while clusters come and go for a simulated day' },
  { name: 'timer-wheel', summary: 'a waiting timer, beside setTimeout', execArgv: ['--expose-gc'] },
  { name: 'telemetry', summary: 'recording a request, beside prom-client' },
  { name: 'event-readers', summary: 'what 200 readers of events cost the daemon' },
  { name: 'kube-api', summary: 'the mock kube-api, beside a bare HTTPS server and, with --kube-peer, a real one' },
];
