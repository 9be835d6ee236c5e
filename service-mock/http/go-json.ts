/**
 * JSON as the service's decoder reads it: the first value of a body counts, whatever follows it is ignored, and broken
 * text is refused in the decoder's words.
 */
import { endOfFirstValue } from '../../model/protocol/json-syntax.ts';
import type { Json } from '../service-api.ts';

export { JsonSyntaxError } from '../../model/protocol/json-syntax.ts';

/**
 * The first JSON value of `text`.
 * @throws JsonSyntaxError when there is none.
 */
export function parseFirstValue(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    // Either the text is broken or something follows the first value; only then is its end searched.
    return JSON.parse(text.slice(0, endOfFirstValue(text)));
  }
}
