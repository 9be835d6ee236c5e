/**
 * Structural OpenAPI v3 schema of a value. Several nodes may share one object, and recursive kinds make cycles;
 * such nodes carry {@link Schema.definition}. `properties` may be produced lazily by a getter.
 */
export interface Schema {
  /**
   * Name under which the node is published once in OpenAPI documents and referred to from elsewhere, for instance
   * `io.k8s.api.core.v1.PodSpec`. Never sent itself.
   */
  definition?: string;
  /**
   * The node that is published under {@link Schema.definition}, when this one differs from it for one field: in
   * description, default or patch strategy.
   */
  published?: Schema;
  type?: string;
  format?: string;
  title?: string;
  description?: string;
  nullable?: boolean;
  default?: unknown;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  required?: string[];
  items?: Schema;
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  not?: Schema;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: boolean;
  exclusiveMaximum?: boolean;
  multipleOf?: number;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  minProperties?: number;
  maxProperties?: number;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-embedded-resource'?: boolean;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-map-type'?: 'granular' | 'atomic';
  /** Strategic merge patch, built-in kinds only: key of list items. */
  'x-kubernetes-patch-merge-key'?: string;
  /** Strategic merge patch, built-in kinds only: `merge`, `replace`, `retainKeys` or `merge,retainKeys`. */
  'x-kubernetes-patch-strategy'?: string;
  /** CEL rules. */
  'x-kubernetes-validations'?: ValidationRule[];
}

/** A rule in CEL that values of a schema must satisfy (apiextensions/v1 ValidationRule). */
export interface ValidationRule {
  rule: string;
  message?: string;
  /** An expression that gives the message. */
  messageExpression?: string;
  /** Of the cause; FieldValueInvalid by default. */
  reason?: string;
  /** Below the value, where the cause points to. */
  fieldPath?: string;
  /** Whether the rule holds for new values, too, `oldSelf` being optional then. */
  optionalOldSelf?: boolean;
}
