/** A remark beside the output. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
