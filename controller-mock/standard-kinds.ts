/** What every server of this mock is for: the built-in kinds, and those of CustomResourceDefinitions. */
import { builtinTypes, namespaceContents } from './builtins/index.ts';
import { CustomResources } from './controllers/custom-resources.ts';
import { decodeProtobuf } from './protobuf/decode.ts';
import type { ServerKinds } from './server/kinds.ts';

export const STANDARD_KINDS: ServerKinds = {
  types: builtinTypes,
  decodeProtobuf,
  namespaceContents,
  customResources: (cluster, onChange) => new CustomResources(cluster, onChange),
};
