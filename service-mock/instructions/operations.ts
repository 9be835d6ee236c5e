/** What an agent polls for, and answers. Upstream: assisted-service, internal/bminventory/inventory.go, V2GetNextSteps and V2PostStepReply. */
import type { Core } from '../core/core.ts';
import { hostOf } from '../core/lookup.ts';
import type { JsonObject } from '../service-api.ts';
import { instructionsFor } from './instructions.ts';
import { handleReply } from './replies.ts';

export function getInstructions(
  core: Core,
  infraEnvId: string,
  hostId: string,
  timestamp: number | null,
  agentVersionHeader: string,
): JsonObject {
  const host = hostOf(core, infraEnvId, hostId);
  host.checkedInAt = core.clock.now();
  host.updatedAt = host.checkedInAt;
  if (timestamp !== null && timestamp !== 0) host.timestamp = timestamp;
  host.discoveryAgentVersion = agentVersionHeader || host.discoveryAgentVersion;
  return instructionsFor(core, host);
}

export function postStepReply(core: Core, infraEnvId: string, hostId: string, body: JsonObject): void {
  handleReply(core, hostOf(core, infraEnvId, hostId), body);
}
