/** What requests are about, in the words of the API (assisted-service, swagger.yaml). */
import type { EndpointName } from '../../../model/protocol/endpoints.ts';
import type { TappedExchange } from './http-tap.ts';
import { parsed } from './patterns.ts';

export interface Words {
  /** What of several things the operation is used for; '' for none. */
  detail: string;
  words: string[];
  /** Those of the words that have their place in time. */
  stages: string[];
}

type Fields = Readonly<Record<string, unknown>>;

/** @param response undefined when it was not JSON */
export function wordsOf(endpoint: EndpointName, { target, body }: TappedExchange, response: unknown): Words {
  const sent = asFields(body === '' ? undefined : parsed(body));
  const stage = (text: unknown): Words => {
    const words = typeof text === 'string' && text !== '' ? [text] : [];
    return { detail: '', words, stages: words };
  };
  switch (endpoint) {
    case 'get-instructions':
      return { detail: '', words: stepsOf(asFields(response)), stages: [] };
    case 'post-step-reply': {
      const code = typeof sent.exit_code === 'number' ? sent.exit_code : 0;
      // A runner that is busy with a step says so by an empty reply.
      const empty = textOf(sent.output) === '' ? ' without output' : '';
      return { detail: `${textOf(sent.step_type)}${empty}`, words: [`exit code ${code}`], stages: [] };
    }
    case 'host-progress':
      return stage(sent.current_stage);
    case 'host-logs-progress':
    case 'cluster-logs-progress':
      return stage(sent.logs_state);
    case 'cluster-progress':
      return stage(sent.finalizing_stage);
    case 'report-operator':
      return { detail: '', words: [`${textOf(sent.name)} ${textOf(sent.status)}`], stages: [] };
    case 'upload-logs': {
      const [, detail = ''] = /[?&]logs_type=([\w-]*)/.exec(target) ?? [];
      return { detail, words: [], stages: [] };
    }
    case 'cluster-files':
    case 'cluster-credentials': {
      const [, detail = ''] = /[?&]file_name=([\w.-]*)/.exec(target) ?? [];
      return { detail: detail.replace(/-host-.*/, ''), words: [], stages: [] };
    }
    default:
      return { detail: '', words: [], stages: [] };
  }
}

function stepsOf({ instructions, post_step_action: action }: Fields): string[] {
  const steps = Array.isArray(instructions) ? instructions.map((one) => textOf(asFields(one).step_type)) : [];
  return action === 'exit' ? [...steps, 'then exit'] : steps;
}

function asFields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
