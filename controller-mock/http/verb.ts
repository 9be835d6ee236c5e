/** What a request to a resource asks for, in the words of discovery and of access rules. */
export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

/** Undefined for what no verb stands for. @param onCollection whether the path ends with a plural */
export function verbOf(method: string, onCollection: boolean, query: URLSearchParams): Verb | undefined {
  const watches = () => ['true', '1', ''].includes(query.get('watch') ?? 'false');
  switch (method) {
    case 'GET':
      if (watches()) return 'watch';
      return onCollection ? 'list' : 'get';
    case 'POST':
      return onCollection ? 'create' : undefined;
    case 'PUT':
      return onCollection ? undefined : 'update';
    case 'PATCH':
      return onCollection ? undefined : 'patch';
    case 'DELETE':
      return onCollection ? 'deletecollection' : 'delete';
    default:
      return undefined;
  }
}
