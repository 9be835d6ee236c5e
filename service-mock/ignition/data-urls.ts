/** Data URLs. Upstream: vincent-petithory/dataurl, lex.go, dataurl.go and rfc2396.go. */

const FORM = /^data:(?:([^;,/]*)(\/[^;,]*)?)?((?:;[^;,=]+=(?:"[^"]*"|[^;,"]*))*)(;base64)?,(.*)$/s;

/** What is wrong with one; undefined for a good one. */
export function dataUrlProblem(url: string): string | undefined {
  const [, type, subtype, , base64, data] = FORM.exec(url) ?? [];
  if (data === undefined) return formProblem(url);
  if (type && !subtype) return 'missing media type slash';
  return base64 ? base64Problem(data) : charactersProblem(data);
}

function formProblem(url: string): string {
  if (/^data:[^;,/]+$/.test(url)) return 'missing media type slash';
  const [, word] = /;([^;,=]+)(?=[;,])/.exec(url) ?? [];
  return word === undefined ? 'missing comma before data' : `expected base64, got ${word}`;
}

function base64Problem(data: string): string | undefined {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(data)) return 'invalid data character';
  return data.length % 4 === 0 ? undefined : `illegal base64 data at input byte ${data.length - (data.length % 4)}`;
}

function charactersProblem(data: string): string | undefined {
  if (!/^[\w;/?:@&=+$,.!~*'()%-]*$/.test(data)) return 'invalid data character';
  return /%(?![0-9A-Fa-f]{2})/.test(data) ? 'rfc2396: invalid char 0x25 in unescape sequence' : undefined;
}
