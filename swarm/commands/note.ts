import { redactText } from '../plan/redact.ts';

/** A remark beside the output. */
export function note(text: string): void {
  process.stderr.write(`${redactText(text)}\n`);
}
