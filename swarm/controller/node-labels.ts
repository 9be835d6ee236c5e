/**
 * The controller's label loop: labels that the user wants on nodes. Source: openshift/assisted-installer,
 * src/assisted_installer_controller/assisted_installer_controller.go, UpdateNodeLabels.
 */

import { waitUntil } from '../../model/time/ticker.ts';
import { answerOf, newRequestId } from '../service/inventory-client.ts';
import type { ControllerProcess } from './controller-process.ts';

const INTERVAL_MS = 30_000;

/** Ends when no host wants labels, when all have them, or with the main context. */
export async function labelNodes(process: ControllerProcess): Promise<void> {
  const { clock, main, service, spoke } = process;
  await waitUntil(clock, INTERVAL_MS, main, async (dueMs) => {
    const hosts = await answerOf(service.getHosts(['disabled', 'error'], { requestId: newRequestId(), dueMs }));
    if (!hosts) return false;
    const wanted = [...hosts.value.values()].filter((host) => host.node_labels);
    const ready = new Map(spoke.nodes().flatMap((node) => (node.ready ? [[node.host.identity.id, node]] : [])));
    let labelled = 0;
    for (const host of wanted) {
      const node = ready.get(host.id);
      if (!node) continue;
      spoke.labelNode(node, labelsOf(host.node_labels ?? ''));
      labelled += 1;
    }
    return labelled === wanted.length;
  });
}

/** Labels of a host's `node_labels`; what is no object has none. */
function labelsOf(text: string): Record<string, string> {
  try {
    const labels: unknown = JSON.parse(text);
    return labels && typeof labels === 'object' ? (labels as Record<string, string>) : {};
  } catch {
    return {};
  }
}
