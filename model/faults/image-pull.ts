/**
 * How the agent's unit pulls its image when that fails: assisted-service, internal/ignition/discovery.go agentPullImage and
 * templates/agent.service (ExecStartPre, TimeoutStartSec, RestartSec).
 *
 *   try ──5 s──▶ try ──10 s──▶ try ──20 s──▶ … at most 300 s … ──after 10 minutes──▶ systemd ends it ──3 s──▶ begins anew
 */
const FIRST_PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 300_000;
/** AGENT_TIMEOUT_START of an ignition. */
const START_LIMIT_MS = 600_000;
const RESTART_MS = 3000;

/** Simulated milliseconds from the first try to the one that succeeds, when pulling fails for so long. */
export function pullDelayMs(lastingMs: number): number {
  let begun = 0;
  let at = 0;
  for (let pause = FIRST_PAUSE_MS; at < lastingMs; pause = Math.min(LONGEST_PAUSE_MS, pause * 2)) {
    at += pause;
    if (at - begun < START_LIMIT_MS) continue;
    begun += START_LIMIT_MS + RESTART_MS;
    at = begun;
    pause = FIRST_PAUSE_MS / 2;
  }
  return at;
}
