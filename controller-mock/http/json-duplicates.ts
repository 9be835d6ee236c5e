/** Finds fields that a JSON object has twice: JSON.parse keeps the last one silently. */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * @param text valid JSON.
 * @returns paths such as `spec.replicas` or `spec.list[1].name`, each once.
 */
export function duplicateFields(text: string): string[] {
  const found = new Set<string>();
  /** Open objects have the keys they have shown, open lists have the index they are at. */
  const stack: (Set<string> | number)[] = [];
  const path: string[] = [];
  let expectsKey = false;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const start = at++;
        while (text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
        const top = stack.at(-1);
        if (!expectsKey || !(top instanceof Set)) break;
        const raw = text.slice(start + 1, at);
        const key = raw.includes('\\') ? (JSON.parse(`"${raw}"`) as string) : raw;
        path[stack.length - 1] = stack.length > 1 ? `.${key}` : key;
        if (top.has(key)) found.add(path.slice(0, stack.length).join(''));
        top.add(key);
        expectsKey = false;
        break;
      }
      case 0x7b: // {
        stack.push(new Set());
        expectsKey = true;
        break;
      case 0x5b: // [
        stack.push(0);
        path[stack.length - 1] = '[0]';
        expectsKey = false;
        break;
      case 0x7d: // }
      case 0x5d: // ]
        stack.pop();
        expectsKey = false;
        break;
      case 0x2c: {
        // ,
        const top = stack.at(-1);
        if (typeof top === 'number') {
          stack[stack.length - 1] = top + 1;
          path[stack.length - 1] = `[${top + 1}]`;
        } else {
          expectsKey = true;
        }
        break;
      }
    }
  }
  return [...found];
}
