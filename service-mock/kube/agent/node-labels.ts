/**
 * Labels of an InfraEnv that nodes inherit by its Agents, when an annotation names them.
 * Upstream: assisted-service, controllers/infraenv_node_labels.go.
 */
import { INHERITED_NODE_LABELS, PROPAGATE_NODE_LABELS } from '../labels.ts';
import type { Agent, InfraEnv } from '../objects.ts';

function keysOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '');
}

/** Changes `agent`; what its users set themselves stays. @returns whether anything changed. */
export function propagateNodeLabels(infraEnv: InfraEnv, agent: Agent): boolean {
  const { labels = {}, annotations = {} } = infraEnv.metadata;
  const wanted = new Map<string, string>();
  for (const key of keysOf(annotations[PROPAGATE_NODE_LABELS])) {
    const value = labels[key];
    if (value !== undefined) wanted.set(key, value);
  }
  const inherited = keysOf(agent.metadata.annotations?.[INHERITED_NODE_LABELS]);
  const present: Record<string, string> = { ...agent.spec.nodeLabels };
  const kept: string[] = [];
  let changed = false;
  for (const key of inherited) {
    if (wanted.has(key) || present[key] === undefined) continue;
    delete present[key];
    changed = true;
  }
  for (const [key, value] of wanted) {
    const isOurs = inherited.includes(key);
    if (present[key] === undefined || (present[key] !== value && isOurs)) {
      present[key] = value;
      changed = true;
      kept.push(key);
    } else if (isOurs) kept.push(key);
  }
  if (changed) agent.spec.nodeLabels = present;
  return setInherited(agent, kept.sort().join(',')) || changed;
}

function setInherited(agent: Agent, text: string): boolean {
  const annotations = { ...agent.metadata.annotations };
  if ((annotations[INHERITED_NODE_LABELS] ?? '') === text) return false;
  if (text === '') delete annotations[INHERITED_NODE_LABELS];
  else annotations[INHERITED_NODE_LABELS] = text;
  agent.metadata.annotations = annotations;
  return true;
}
