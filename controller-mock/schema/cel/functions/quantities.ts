/** Quantities: k8s.io/apiserver, pkg/cel/library/quantity.go; k8s.io/apimachinery, pkg/api/resource/quantity.go. */
import { canonicalQuantity, quantityNanos } from '../../../api/quantity.ts';
import { EvaluationFault } from '../fault.ts';
import { INT_MAX, INT_MIN, Opaque } from '../values.ts';
import { type Functions, global, method } from './overload.ts';

/** An amount: exact, in units of 1e-9, as no quantity is finer. */
class Quantity extends Opaque {
  readonly typeName = 'kubernetes.Quantity';
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    super();
    this.nanos = nanos;
  }

  equals(other: Opaque): boolean {
    return other instanceof Quantity && this.nanos === other.nanos;
  }
}

const NANO = 10n ** 9n;
const SHAPE = /^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$/;

const isQuantity = (text: string) => canonicalQuantity(text) !== undefined;

function read(text: string): Quantity {
  if (isQuantity(text)) return new Quantity(quantityNanos(text));
  throw new EvaluationFault(
    SHAPE.test(text)
      ? "unable to parse quantity's suffix"
      : `quantities must match the regular expression '${SHAPE.source}'`,
  );
}

const order = (a: Quantity, b: Quantity) => (a.nanos < b.nanos ? -1n : a.nanos > b.nanos ? 1n : 0n);

const whole = ({ nanos }: Quantity): bigint | undefined => {
  const value = nanos / NANO;
  return nanos % NANO === 0n && value <= INT_MAX && value >= INT_MIN ? value : undefined;
};

function asInteger(quantity: Quantity): bigint {
  const value = whole(quantity);
  if (value === undefined) throw new EvaluationFault('cannot convert value to integer');
  return value;
}

export const QUANTITIES: Functions = {
  quantity: [global('string_to_quantity', 'string -> quantity', read)],
  isQuantity: [global('is_quantity_string', 'string -> bool', isQuantity)],
  // A function, and no method.
  sign: [
    global('quantity_sign', 'quantity -> int', ({ nanos }: Quantity) => (nanos < 0n ? -1n : nanos > 0n ? 1n : 0n)),
  ],
  isGreaterThan: [
    method('quantity_is_greater_than', 'quantity, quantity -> bool', (a: Quantity, b: Quantity) => order(a, b) === 1n),
  ],
  isLessThan: [
    method('quantity_is_less_than', 'quantity, quantity -> bool', (a: Quantity, b: Quantity) => order(a, b) === -1n),
  ],
  compareTo: [method('quantity_compare_to', 'quantity, quantity -> int', order)],
  asApproximateFloat: [
    method('quantity_get_float', 'quantity -> double', ({ nanos }: Quantity) => Number(nanos) / 1e9),
  ],
  asInteger: [method('quantity_get_int', 'quantity -> int', asInteger)],
  isInteger: [method('quantity_is_integer', 'quantity -> bool', (quantity: Quantity) => whole(quantity) !== undefined)],
  add: [
    method(
      'quantity_add',
      'quantity, quantity -> quantity',
      (a: Quantity, b: Quantity) => new Quantity(a.nanos + b.nanos),
    ),
    method(
      'quantity_add_int',
      'quantity, int -> quantity',
      (a: Quantity, b: bigint) => new Quantity(a.nanos + b * NANO),
    ),
  ],
  sub: [
    method(
      'quantity_sub',
      'quantity, quantity -> quantity',
      (a: Quantity, b: Quantity) => new Quantity(a.nanos - b.nanos),
    ),
    method(
      'quantity_sub_int',
      'quantity, int -> quantity',
      (a: Quantity, b: bigint) => new Quantity(a.nanos - b * NANO),
    ),
  ],
};
