/** Regular expressions as Go understands them: RE2, which knows neither look-around nor references. */
import { RE2JS, RE2JSException } from 're2js';

/** @returns what Go's regexp.Compile says of an expression that it does not take; undefined for a good one. */
export function goRegexpFault(pattern: string): string | undefined {
  try {
    compileGoRegexp(pattern);
    return undefined;
  } catch (error) {
    // Go says what it is about even where there is nothing to show.
    if (error instanceof RE2JSException) return error.message.endsWith('`') ? error.message : `${error.message}: \`\``;
    throw error;
  }
}

const GROUP_NAME = /\(\?P?<[A-Za-z0-9_]+>/g;

/** @throws RE2JSException for an expression of which {@link goRegexpFault} says something */
export function compileGoRegexp(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    // Groups of the same name are no fault to Go; nobody asks for them by name.
    if (/duplicate capture group name/.test((error as Error).message))
      return RE2JS.compile(pattern.replace(GROUP_NAME, '('));
    throw error;
  }
}
