/**
 * Turns an expression into tests over octets for one link type.
 *
 * Primitives are lowered from left to right, and `vlan`, `mpls`, `pppoes`, `geneve` and `vxlan`
 * move the places where what stands to their right looks, as pcap-filter(7) describes.
 */
import { type AddressBook, lowerMatch } from './addresses.ts';
import { calculate } from './calculate.ts';
import type { Arithmetic, Expression, Primitive } from './expression.ts';
import { FilterFault } from './fault.ts';
import { Frame } from './frame-state.ts';
import { octetsOfProtocol } from './header-octets.ts';
import { lowerLinkPrimitive } from './link-primitives.ts';
import {
  and,
  compare,
  constant,
  type FilterProgram,
  math,
  not,
  or,
  type Test,
  TRUE,
  type Value,
} from './program.ts';
import { protocolTest } from './protocols.ts';
import { enter } from './tunnels.ts';

/** Lowers a filter; throws `FilterFault` for what cannot be told on that link type. */
export function lower(
  expression: Expression | undefined,
  linkType: number,
  context: AddressBook,
): FilterProgram {
  const frame = new Frame(linkType);
  const test = expression === undefined ? TRUE : new Lowering(frame, context).test(expression);
  return { prelude: frame.prelude(test), test, slots: frame.slots };
}

class Lowering {
  private readonly frame: Frame;
  private readonly context: AddressBook;

  constructor(frame: Frame, context: AddressBook) {
    this.frame = frame;
    this.context = context;
  }

  /** Long chains of `and` and `or` lean to the left; they are walked without recursion. */
  test(expression: Expression): Test {
    const chain: (Expression & { kind: 'and' | 'or' })[] = [];
    let first = expression;
    while (first.kind === 'and' || first.kind === 'or') {
      chain.push(first);
      first = first.left;
    }
    let test = first.kind === 'not' ? not(this.test(first.of)) : this.primitive(first as Primitive);
    for (const { kind, right } of chain.reverse()) {
      const other = this.test(right);
      test = kind === 'and' ? and(test, other) : or(test, other);
    }
    return test;
  }

  private primitive(primitive: Primitive): Test {
    const { frame } = this;
    switch (primitive.kind) {
      case 'protocol':
        return protocolTest(frame, primitive.protocol, primitive.span);
      case 'match':
        return lowerMatch(frame, primitive, this.context);
      case 'relation':
        return this.relation(primitive);
      case 'encapsulation':
        return enter(frame, primitive);
      case 'shorter':
        return not(compare('>', { kind: 'length' }, primitive.octets));
      case 'longer':
        return compare('>=', { kind: 'length' }, primitive.octets);
      default:
        return lowerLinkPrimitive(frame, primitive, this.context.netmask);
    }
  }

  private relation({ relation, negated, left, right }: Primitive & { kind: 'relation' }): Test {
    const guards: Test[] = [];
    const leftValue = this.value(left, guards);
    const rightValue = this.value(right, guards);
    const test = compare(relation, leftValue, rightValue);
    return and(...guards, negated ? not(test) : test);
  }

  /** A sum; `guards` gets the tests that its header fields exist. */
  private value(arithmetic: Arithmetic, guards: Test[]): Value {
    switch (arithmetic.kind) {
      case 'constant':
        return constant(arithmetic.value);
      case 'length':
        return { kind: 'length' };
      case 'negative':
        return math('-', constant(0), this.value(arithmetic.of, guards));
      case 'math': {
        const left = this.value(arithmetic.left, guards);
        const right = this.value(arithmetic.right, guards);
        return folded(math(arithmetic.operator, left, right));
      }
      case 'octets': {
        const { protocol, size, span } = arithmetic;
        // The guard of what is inside the brackets comes first.
        const index = this.value(arithmetic.index, guards);
        if (size !== 1 && size !== 2 && size !== 4) {
          throw new FilterFault('a field has 1, 2 or 4 octets', span);
        }
        const { guard, value } = octetsOfProtocol(this.frame, protocol, index, size, span);
        if (guard !== undefined) guards.push(guard);
        return value;
      }
    }
  }
}

/** Computes what holds no field. */
function folded(value: Value): Value {
  if (value.kind !== 'math') return value;
  const { operator, left, right } = value;
  if (left.kind !== 'constant' || right.kind !== 'constant') return value;
  const result = calculate(operator, left.value, right.value);
  return result === undefined ? value : constant(result);
}
