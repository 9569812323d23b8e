/**
 * Sums of the filter language: numbers, `len`, octets of a header (`tcp[13]`, `ip6[6:2]`), and
 * the operators of C. `%` and `^` take everything to their right, which is how libpcap's grammar
 * (that gives the two no precedence) groups them.
 */
import type { Arithmetic, MathOperator, Relation } from './expression.ts';
import { FilterFault } from './fault.ts';
import type { Tokens } from './tokens.ts';
import { NUMBER_WORDS, PROTOCOL_WORDS } from './words.ts';

/** Relations: what the machine tests, and whether the answer is turned round. */
export const RELATIONS: ReadonlyMap<string, readonly [relation: Relation, negated: boolean]> =
  new Map<string, readonly [Relation, boolean]>([
    ['=', ['=', false]],
    ['!=', ['=', true]],
    ['>', ['>', false]],
    ['<=', ['>', true]],
    ['>=', ['>=', false]],
    ['<', ['>=', true]],
  ]);

const PRECEDENCE: ReadonlyMap<string, number> = new Map([
  ['|', 1],
  ['&', 2],
  ['<<', 3],
  ['>>', 3],
  ['+', 4],
  ['-', 4],
  ['*', 5],
  ['/', 5],
  ['%', 9],
  ['^', 9],
]);
const GREEDY = 9;
const DEEPEST = 200;

/** Reads a sum; undefined, with the place anywhere, where none begins. Throws `FilterFault`. */
export function parseArithmetic(tokens: Tokens): Arithmetic | undefined {
  return sum(tokens, 0, 0);
}

function sum(tokens: Tokens, least: number, depth: number): Arithmetic | undefined {
  if (depth > DEEPEST) {
    throw new FilterFault(`nested deeper than ${DEEPEST} levels`, tokens.span);
  }
  let left = operand(tokens, depth);
  while (left !== undefined) {
    const precedence = PRECEDENCE.get(tokens.symbol) ?? 0;
    if (precedence === 0 || precedence <= least) break;
    const operator = tokens.symbol as MathOperator;
    const { span } = tokens;
    tokens.advance();
    const { position } = tokens;
    const right = sum(tokens, precedence === GREEDY ? 0 : precedence, depth + 1);
    if (right === undefined) {
      if (!readsFrame(left)) return undefined;
      // Nothing but a sum begins with octets: what is wrong is here, not there.
      tokens.position = position;
      throw tokens.unexpected([...NUMBER_WORDS.keys()], 'a number or a field such as tcp[13]');
    }
    refuseImpossible(operator, right);
    left = { kind: 'math', operator, left, right, span };
  }
  return left;
}

/** Whether a sum begins with something of the frame: it cannot be an address or a port, then. */
export function readsFrame(of: Arithmetic): boolean {
  if (of.kind === 'math') return readsFrame(of.left);
  return of.kind === 'octets' || of.kind === 'length';
}

function refuseImpossible(operator: MathOperator, right: Arithmetic): void {
  if (right.kind !== 'constant') return;
  if ((operator === '/' || operator === '%') && right.value === 0) {
    throw new FilterFault('nothing can be divided by zero', right.span);
  }
  if ((operator === '<<' || operator === '>>') && right.value > 31) {
    throw new FilterFault('numbers have 32 bits: a shift is by 31 at most', right.span);
  }
}

function operand(tokens: Tokens, depth: number): Arithmetic | undefined {
  const { span } = tokens;
  if (tokens.take('-')) {
    // Binds tighter than every operator that has a precedence.
    const of = sum(tokens, GREEDY - 1, depth + 1);
    return of === undefined ? undefined : { kind: 'negative', of };
  }
  if (tokens.take('(')) {
    const inner = sum(tokens, 0, depth + 1);
    return inner !== undefined && tokens.take(')') ? inner : undefined;
  }
  if (tokens.kind === 'number') {
    const { value } = tokens;
    tokens.advance();
    return { kind: 'constant', value, span };
  }
  if (tokens.take('len')) return { kind: 'length' };
  return octets(tokens, depth);
}

/** `protocol[index]` and `protocol[index:size]`. */
function octets(tokens: Tokens, depth: number): Arithmetic | undefined {
  const from = tokens.span.at;
  const protocol = PROTOCOL_WORDS.get(tokens.word) ?? PROTOCOL_WORDS.get(tokens.word.toLowerCase());
  if (protocol === undefined) return undefined;
  tokens.advance();
  if (tokens.symbol !== '[') return undefined;
  tokens.advance();
  const index = sum(tokens, 0, depth + 1);
  if (index === undefined) {
    throw tokens.unexpected([...NUMBER_WORDS.keys()], 'the number of the first octet, from 0');
  }
  let size = 1;
  if (tokens.take(':')) {
    const { span, value } = tokens;
    if (tokens.kind !== 'number' || (value !== 1 && value !== 2 && value !== 4)) {
      throw new FilterFault('a field has 1, 2 or 4 octets', span);
    }
    size = value;
    tokens.advance();
  }
  if (!tokens.take(']')) throw tokens.unexpected([], ']');
  return { kind: 'octets', protocol, index, size, span: { at: from, end: tokens.lastEnd } };
}
