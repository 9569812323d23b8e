/**
 * A filter program as a predicate over frames: closures made once, that allocate nothing when run.
 *
 * A load beyond the captured octets marks the frame as failed instead of stopping at once; what
 * is evaluated after that cannot change the answer, which is then no.
 */
import type { FrameBatch } from '../frame-batch.ts';
import { calculate } from './calculate.ts';
import type { FilterProgram, Step, Test, Value } from './program.ts';

/** The frame under test. One for each predicate, re-aimed for each frame. */
class Subject {
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;
  captured = 0;
  original = 0;
  failed = false;
  readonly slots: Int32Array;

  constructor(slots: number) {
    this.slots = new Int32Array(slots);
  }
}

type Check = (subject: Subject) => boolean;
/** An unsigned integer of 32 bits. */
type Read = (subject: Subject) => number;

export interface FramePredicate {
  /** Whether the filter matches a frame of the batch. */
  test(batch: FrameBatch, index: number): boolean;
  /** The same for octets at `at`; `original` is the length on the wire. */
  matches(bytes: Uint8Array, at: number, captured: number, original: number): boolean;
}

/** Makes the predicate of a program. */
export function predicateOf(program: FilterProgram): FramePredicate {
  const subject = new Subject(program.slots);
  const prelude = program.prelude.map(stepOf);
  const check = checkOf(program.test);
  const matches = (bytes: Uint8Array, at: number, captured: number, original: number): boolean => {
    subject.bytes = bytes;
    subject.at = at;
    subject.captured = captured;
    subject.original = original;
    subject.failed = false;
    if (program.slots > 0) subject.slots.fill(0);
    for (let index = 0; index < prelude.length; index++) prelude[index]!(subject);
    return check(subject) && !subject.failed;
  };
  return {
    matches,
    test: (batch, index) =>
      matches(batch.bytes, batch.offset[index]!, batch.captured[index]!, batch.original[index]!),
  };
}

function stepOf({ slot, value, when }: Step): (subject: Subject) => void {
  const read = readOf(value);
  if (when === undefined) {
    return (subject) => {
      subject.slots[slot] = read(subject);
    };
  }
  const check = checkOf(when);
  return (subject) => {
    if (check(subject)) subject.slots[slot] = read(subject);
  };
}

function checkOf(test: Test): Check {
  switch (test.kind) {
    case 'always': {
      const { answer } = test;
      return () => answer;
    }
    case 'and':
    case 'or':
      return joinedOf(test);
    case 'not': {
      const check = checkOf(test.of);
      return (subject) => !check(subject);
    }
    case 'compare':
      return compareOf(test);
    case 'assign': {
      const steps = test.steps.map(stepOf);
      return (subject) => {
        for (let index = 0; index < steps.length; index++) steps[index]!(subject);
        return true;
      };
    }
    case 'chain':
      return chainOf(test);
  }
}

/** Chains that lean to the left, however long, become one loop. */
function joinedOf(test: Test & { readonly kind: 'and' | 'or' }): Check {
  const checks: Check[] = [];
  let first: Test = test;
  while (first.kind === test.kind) {
    checks.push(checkOf((first as typeof test).right));
    first = (first as typeof test).left;
  }
  checks.push(checkOf(first));
  checks.reverse();
  const [a, b, c] = checks as [Check, Check, Check?];
  if (test.kind === 'and') {
    if (checks.length === 2) return (subject) => a(subject) && b(subject);
    if (checks.length === 3) return (subject) => a(subject) && b(subject) && c!(subject);
    return (subject) => {
      for (let index = 0; index < checks.length; index++) {
        if (!checks[index]!(subject)) return false;
      }
      return true;
    };
  }
  // What failed answers for itself: no further test may make it match.
  if (checks.length === 2) return (subject) => a(subject) || (!subject.failed && b(subject));
  return (subject) => {
    for (let index = 0; index < checks.length; index++) {
      if (checks[index]!(subject)) return true;
      if (subject.failed) return false;
    }
    return false;
  };
}

function compareOf({ relation, left, right }: Test & { readonly kind: 'compare' }): Check {
  if (relation === '=' && right.kind === 'constant') {
    const quick = equalsOf(left, right.value);
    if (quick !== undefined) return quick;
  }
  const a = readOf(left);
  const b = readOf(right);
  switch (relation) {
    case '=':
      return (subject) => a(subject) === b(subject);
    case '>':
      return (subject) => a(subject) > b(subject);
    case '>=':
      return (subject) => a(subject) >= b(subject);
  }
}

/** The commonest tests: octets at a fixed place, perhaps masked, are a constant. */
function equalsOf(left: Value, wanted: number): Check | undefined {
  const masked = left.kind === 'math' && left.operator === '&' && left.right.kind === 'constant';
  const inner = masked ? left.left : left;
  if (inner.kind !== 'load' || inner.base !== undefined) return undefined;
  const mask = masked && left.right.kind === 'constant' ? left.right.value | 0 : -1;
  const { offset, size } = inner;
  const end = offset + size;
  const value = wanted | 0;
  if (size === 1) {
    return (subject) => {
      if (end > subject.captured) return fail(subject);
      return (subject.bytes[subject.at + offset]! & mask) === value;
    };
  }
  if (size === 2) {
    return (subject) => {
      if (end > subject.captured) return fail(subject);
      const at = subject.at + offset;
      return (((subject.bytes[at]! << 8) | subject.bytes[at + 1]!) & mask) === value;
    };
  }
  return (subject) => {
    if (end > subject.captured) return fail(subject);
    return (word(subject.bytes, subject.at + offset) & mask) === value;
  };
}

function fail(subject: Subject): false {
  subject.failed = true;
  return false;
}

/** Four octets, big-endian, as a signed integer. */
function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

function readOf(value: Value): Read {
  switch (value.kind) {
    case 'constant': {
      const { value: fixed } = value;
      return () => fixed;
    }
    case 'length':
      return (subject) => subject.original;
    case 'slot': {
      const { slot } = value;
      return (subject) => subject.slots[slot]! >>> 0;
    }
    case 'load':
      return loadOf(value);
    case 'math':
      return mathOf(value);
  }
}

function loadOf({ size, offset, base }: Value & { readonly kind: 'load' }): Read {
  const from: Read = base === undefined ? () => 0 : readOf(base);
  return (subject) => {
    const place = from(subject) + offset;
    if (place + size > subject.captured || subject.failed) {
      subject.failed = true;
      return 0;
    }
    const at = subject.at + place;
    if (size === 1) return subject.bytes[at]!;
    if (size === 2) return (subject.bytes[at]! << 8) | subject.bytes[at + 1]!;
    return word(subject.bytes, at) >>> 0;
  };
}

function mathOf({ operator, left, right }: Value & { readonly kind: 'math' }): Read {
  const a = readOf(left);
  const b = readOf(right);
  switch (operator) {
    case '&':
      return (subject) => (a(subject) & b(subject)) >>> 0;
    case '+':
      return (subject) => (a(subject) + b(subject)) >>> 0;
    case '<<':
    case '-':
    case '*':
    case '|':
    case '^':
    case '>>':
      return (subject) => calculate(operator, a(subject), b(subject))!;
    default:
      return (subject) => {
        const result = calculate(operator, a(subject), b(subject));
        if (result === undefined) subject.failed = true;
        return result ?? 0;
      };
  }
}

const NO_NEXT = 59;
const AUTHENTICATION = 51;

/** IPv6 extension headers that can be passed: hop-by-hop, destination, routing, fragment. */
function isExtension(next: number): boolean {
  return next === 0 || next === 60 || next === 43 || next === 44;
}

function chainOf({ protocol, ipv6, network, base }: Test & { readonly kind: 'chain' }): Check {
  const from: Read = base === undefined ? () => 0 : readOf(base);
  return (subject) => {
    const begin = from(subject) + network;
    const { bytes, captured } = subject;
    const start = subject.at + begin;
    if (begin + 10 > captured) return fail(subject);
    let next = bytes[start + (ipv6 ? 6 : 9)]!;
    let place = ipv6 ? 40 : (bytes[start]! & 15) * 4;
    // Each round passes at least four octets of the frame, or ends.
    while (next !== protocol && next !== NO_NEXT) {
      const extension = ipv6 && isExtension(next);
      if (!extension && next !== AUTHENTICATION) return false;
      if (begin + place + 2 > captured) return fail(subject);
      const length = bytes[start + place + 1]!;
      next = bytes[start + place]!;
      place += extension ? (length + 1) * 8 : (length + 2) * 4;
    }
    return next === protocol;
  };
}
