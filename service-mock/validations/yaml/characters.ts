/** Kinds of characters of YAML 1.1, the end of a text (an empty one) among them. Upstream: gopkg.in/yaml.v2, yamlprivateh.go and readerc.go. */

export const isEnd = (c: string): boolean => c === '';
export const isBlank = (c: string): boolean => c === ' ' || c === '\t';
export const isBreak = (c: string): boolean => c !== '' && '\r\n\u0085\u2028\u2029'.includes(c);
export const isBreakOrEnd = (c: string): boolean => c === '' || isBreak(c);
export const isBlankOrEnd = (c: string): boolean => isBlank(c) || isBreakOrEnd(c);
export const isWord = (c: string): boolean => /^[0-9A-Za-z_-]$/.test(c);
export const isDigit = (c: string): boolean => c >= '0' && c <= '9';
export const isHex = (c: string): boolean => /^[0-9A-Fa-f]$/.test(c);

/** Anything that must not stand in a text. */
export const FORBIDDEN = /[^\t\n\r\u0020-\u007e\u0085\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

/** Why a text is no YAML. */
export class YamlProblem extends Error {
  /** @param line as it is told; 0 for the first. */
  constructor(words: string, line: number) {
    super(line === 0 ? words : `line ${line}: ${words}`);
    this.name = 'YamlProblem';
  }
}
