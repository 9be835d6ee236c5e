/** What error answers of the service say, for people. */

const DETAIL_LENGTH = 600;

/** Of control characters those that lay out text. Others would be orders to the terminal that shows it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: a service may send them
const ORDERS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;

/** What an error answer says, shortened in the middle. */
export function errorDetail(body: Buffer): string {
  return shorten(reasonIn(body.toString()).replaceAll(ORDERS, ' '));
}

/** What the service's error bodies of either shape say, without their envelope; other text as it is. */
function reasonIn(text: string): string {
  try {
    const { reason, message } = JSON.parse(text) as { reason?: unknown; message?: unknown };
    if (typeof reason === 'string' && reason !== '') return reason;
    if (typeof message === 'string' && message !== '') return message;
  } catch {
    // No JSON, or none that is an object: the text is all there is.
  }
  return text;
}

/** Keeps the end too: a chain of errors names its cause last. */
export function shorten(text: string): string {
  if (text.length <= DETAIL_LENGTH) return text;
  return `${text.slice(0, DETAIL_LENGTH / 2)} … ${text.slice(-DETAIL_LENGTH / 2)}`;
}
