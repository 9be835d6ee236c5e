/**
 * How an agent registers its host, and what it makes of the answer (assisted-installer-agent src/commands/register_node.go
 * RegisterHostWithRetry, src/agent/agent.go RunAgent).
 *
 *                    ┌───────────── 60 s ─────────────┐
 *                    v                                │ anything else
 *   start ──> POST …/hosts ──typed 401/403/404/409──> frozen
 *                    │ 201
 *                    v
 *          does the answer name a runner? ──no──> retry_seconds, or 1 h ──> start
 *                    │ yes
 *                    v
 *              runner starts
 */
import type { HostPhase } from '../../model/protocol/phases.ts';
import { isTypedError, jsonBody } from '../service/go-openapi.ts';
import { roundTrip } from '../service/round-trip.ts';
import { TransportError } from '../transport/transport.ts';
import { decodeRegistration } from './answers.ts';
import { type AgentProcess, describe } from './processes.ts';

/** `--interval`: wait after a failed registration, unless the agent is started with another. */
const REGISTRATION_RETRY_SECONDS = 60;
/** Wait after a runner that could not be started or crashed, unless the service names another. */
const CRASH_RETRY_MS = 3_600_000;
const REFUSED = [401, 403, 404, 409];
/** Later, a registration is no step back in the life of a host. */
const PHASES_BEFORE_INSTALLATION: readonly HostPhase[] = ['booting', 'polling', 'discovered'];

/** One registration, from which the agent goes on by itself. */
export async function register(agent: AgentProcess, dueMs: number): Promise<void> {
  const { machine, group } = agent;
  const { infraEnvId, agentVersion, runtime, access } = group.environment;
  const { boot } = machine;
  if (PHASES_BEFORE_INSTALLATION.includes(machine.phase)) machine.enter('registering');
  const session = agent.openSession();
  const outcome = await roundTrip(
    group.tripper,
    session.session,
    'register-host',
    {
      prepared: group.requests.register,
      values: [infraEnvId, session.requestId],
      body: jsonBody({
        ...(agentVersion ? { discovery_agent_version: agentVersion } : {}),
        host_id: machine.host.identity.id,
      }),
    },
    dueMs,
    agent.registrationDueMs ?? dueMs,
  );
  agent.closeSession(session);
  if (boot !== machine.boot) return;

  if (!(outcome instanceof TransportError)) {
    if (REFUSED.includes(outcome.status) && isTypedError(outcome.contentType, outcome.body)) {
      agent.freeze('registration-frozen', `registration was refused with ${outcome.status}`);
      return;
    }
    const command = outcome.status === 201 ? decodeRegistration(outcome) : undefined;
    if (command) {
      agent.registrationDueMs = null;
      const crashRetryMs = command.retrySeconds > 0 ? command.retrySeconds * 1000 : CRASH_RETRY_MS;
      if (command.kind === 'run') agent.startRunner(command, crashRetryMs);
      else agent.crash('the answer to the registration names no usable runner', crashRetryMs);
      return;
    }
    if (outcome.status === 201) agent.count('malformed-answer');
  }
  agent.count('registration-retry');
  if (agent.registrationDueMs === null) agent.report('registration-retry', describe(outcome));
  agent.registrationDueMs ??= dueMs;
  const retryMs = (access.registrationRetrySeconds ?? REGISTRATION_RETRY_SECONDS) * 1000;
  agent.schedule('register', runtime.clock.now() + retryMs);
}
