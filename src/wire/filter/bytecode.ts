/**
 * A filter program as classic BPF (McCanne and Jacobson 1993; Linux filter.txt): what the kernel
 * runs before a frame is copied.
 *
 * Jumps go forward only, as the kernel demands; one over more than 255 instructions goes by way
 * of an unconditional one. Chains of headers (`protochain`) need a loop and have no bytecode.
 */
import type { MathOperator } from './expression.ts';
import type { FilterProgram, Step, Test, Value } from './program.ts';

/** Instructions as columns: operation, jump if true, jump if false, operand. */
export interface Bytecode {
  readonly length: number;
  readonly code: Uint16Array;
  readonly jumpTrue: Uint8Array;
  readonly jumpFalse: Uint8Array;
  readonly operand: Uint32Array;
}

/** Why there is no bytecode for a filter: then it runs in this program alone. */
export class NoBytecode extends Error {
  override readonly name = 'NoBytecode';
}

/** Most instructions the kernel takes (BPF_MAXINSNS). */
const MOST_INSTRUCTIONS = 4096;
/** Words of scratch memory (BPF_MEMWORDS). */
const SCRATCH_WORDS = 16;

const LD = 0x00;
const LDX = 0x01;
const ST = 0x02;
const ALU = 0x04;
const JMP = 0x05;
const RET = 0x06;
const TAX = 0x07;
const IMM = 0x00;
const ABS = 0x20;
const IND = 0x40;
const MEM = 0x60;
const LEN = 0x80;
const MSH = 0xa0;
const BYTE = 0x10;
const FROM_X = 0x08;
const JA = 0x00;
const JEQ = 0x10;
const JGT = 0x20;
const JGE = 0x30;
const JSET = 0x40;

const SIZES = { 1: 0x10, 2: 0x08, 4: 0x00 } as const;
const OPERATIONS: Readonly<Record<MathOperator, number>> = {
  '+': 0x00,
  '-': 0x10,
  '*': 0x20,
  '/': 0x30,
  '|': 0x40,
  '&': 0x50,
  '<<': 0x60,
  '>>': 0x70,
  '%': 0x90,
  '^': 0xa0,
};
const RELATIONS = { '=': JEQ, '>': JGT, '>=': JGE } as const;

/** A place further on, known once it is reached. */
interface Label {
  at: number;
}

interface Instruction {
  readonly code: number;
  readonly operand: number;
  readonly yes?: Label;
  readonly no?: Label;
}

/**
 * Translates a program. Throws `NoBytecode`.
 *
 * @param snapLength octets of a matching frame that are kept
 */
export function bytecodeOf(program: FilterProgram, snapLength: number): Bytecode {
  const emitter = new Emitter(program.slots);
  for (const step of program.prelude) emitter.step(step);
  const accept = emitter.label();
  const reject = emitter.label();
  emitter.test(program.test, accept, reject);
  emitter.place(accept);
  emitter.emit(RET, snapLength);
  emitter.place(reject);
  emitter.emit(RET, 0);
  return assemble(emitter.list);
}

class Emitter {
  readonly list: (Instruction | { readonly label: Label })[] = [];
  /** Scratch words in use. */
  private scratch: number;

  constructor(slots: number) {
    this.scratch = slots;
  }

  label(): Label {
    return { at: -1 };
  }

  place(label: Label): void {
    this.list.push({ label });
  }

  emit(code: number, operand: number, yes?: Label, no?: Label): void {
    this.list.push({
      code,
      operand: operand >>> 0,
      ...(yes === undefined ? {} : { yes }),
      ...(no === undefined ? {} : { no }),
    });
  }

  step({ slot, value, when }: Step): void {
    const after = this.label();
    if (when !== undefined) {
      const begin = this.label();
      this.test(when, begin, after);
      this.place(begin);
    }
    this.value(value);
    this.emit(ST, slot);
    this.place(after);
  }

  test(test: Test, yes: Label, no: Label): void {
    switch (test.kind) {
      case 'always':
        this.emit(JMP | JA, 0, test.answer ? yes : no);
        return;
      case 'not':
        this.test(test.of, no, yes);
        return;
      case 'and':
      case 'or':
        this.joined(test, yes, no);
        return;
      case 'compare':
        this.compare(test, yes, no);
        return;
      case 'assign':
        for (const step of test.steps) this.step(step);
        this.emit(JMP | JA, 0, yes);
        return;
      case 'chain':
        throw new NoBytecode('protochain needs a loop, which the kernel does not run');
    }
  }

  private joined(test: Test & { readonly kind: 'and' | 'or' }, yes: Label, no: Label): void {
    const parts: Test[] = [];
    let first: Test = test;
    while (first.kind === test.kind) {
      parts.push((first as typeof test).right);
      first = (first as typeof test).left;
    }
    this.part(test.kind, first, yes, no);
    for (let index = parts.length - 1; index > 0; index--) {
      this.part(test.kind, parts[index]!, yes, no);
    }
    this.test(parts[0]!, yes, no);
  }

  /** One of several that is not the last. */
  private part(kind: 'and' | 'or', test: Test, yes: Label, no: Label): void {
    const next = this.label();
    if (kind === 'and') this.test(test, next, no);
    else this.test(test, yes, next);
    this.place(next);
  }

  private compare(
    { relation, left, right }: Test & { readonly kind: 'compare' },
    yes: Label,
    no: Label,
  ): void {
    if (right.kind === 'constant') {
      const bits = relation === '=' && right.value === 0 ? setBits(left) : undefined;
      if (bits !== undefined) {
        this.value(bits.of);
        this.emit(JMP | JSET, bits.mask, no, yes);
        return;
      }
      this.value(left);
      this.emit(JMP | RELATIONS[relation], right.value, yes, no);
      return;
    }
    this.both(left, right);
    this.emit(JMP | RELATIONS[relation] | FROM_X, 0, yes, no);
  }

  /** Leaves the left value in A and the right one in X. */
  private both(left: Value, right: Value): void {
    if (this.scratch >= SCRATCH_WORDS) {
      throw new NoBytecode('the sums of the filter are nested too deeply for the kernel');
    }
    this.value(left);
    const word = this.scratch++;
    this.emit(ST, word);
    this.value(right);
    this.emit(TAX, 0);
    this.emit(LD | MEM, word);
    this.scratch--;
  }

  /** Leaves the value in A. */
  private value(value: Value): void {
    switch (value.kind) {
      case 'constant':
        this.emit(LD | IMM, value.value);
        return;
      case 'length':
        this.emit(LD | LEN, 0);
        return;
      case 'slot':
        this.emit(LD | MEM, value.slot);
        return;
      case 'load':
        this.load(value);
        return;
      case 'math':
        this.math(value);
    }
  }

  private load({ size, offset, base }: Value & { readonly kind: 'load' }): void {
    if (base === undefined) {
      this.emit(LD | ABS | SIZES[size], offset);
      return;
    }
    const header = headerLength(base);
    if (header !== undefined) this.emit(LDX | MSH | BYTE, header);
    else if (base.kind === 'slot') this.emit(LDX | MEM, base.slot);
    else {
      this.value(base);
      this.emit(TAX, 0);
    }
    this.emit(LD | IND | SIZES[size], offset);
  }

  private math({ operator, left, right }: Value & { readonly kind: 'math' }): void {
    const shift = operator === '<<' || operator === '>>';
    const divide = operator === '/' || operator === '%';
    if (right.kind === 'constant' && !(divide && right.value === 0)) {
      if (shift && right.value > 31) {
        this.value({ kind: 'constant', value: 0 });
        return;
      }
      this.value(left);
      this.emit(ALU | OPERATIONS[operator], right.value);
      return;
    }
    this.both(left, right);
    this.emit(ALU | OPERATIONS[operator] | FROM_X, 0);
  }
}

/** `x & mask`, for which there is a jump of its own. */
function setBits(value: Value): { of: Value; mask: number } | undefined {
  if (value.kind !== 'math' || value.operator !== '&') return undefined;
  return value.right.kind === 'constant' ? { of: value.left, mask: value.right.value } : undefined;
}

/** `4 * (octet & 15)`, the length of an IPv4 header, for which there is a load of its own. */
function headerLength(value: Value): number | undefined {
  if (value.kind !== 'math' || value.operator !== '<<') return undefined;
  const { left, right } = value;
  if (right.kind !== 'constant' || right.value !== 2) return undefined;
  if (left.kind !== 'math' || left.operator !== '&') return undefined;
  if (left.right.kind !== 'constant' || left.right.value !== 15) return undefined;
  const { left: octet } = left;
  if (octet.kind !== 'load' || octet.size !== 1 || octet.base !== undefined) return undefined;
  return octet.offset;
}

/** Puts instructions in their places; far jumps are given a stepping stone. */
function assemble(list: Emitter['list']): Bytecode {
  const far = new Set<Instruction>();
  for (;;) {
    const length = locate(list, far);
    if (length > MOST_INSTRUCTIONS) {
      throw new NoBytecode(`the kernel takes ${MOST_INSTRUCTIONS} instructions at most`);
    }
    const more = tooFar(list, far);
    if (more.length === 0) return write(list, far, length);
    for (const each of more) far.add(each);
  }
}

/** Sets the labels; returns how many instructions there are. */
function locate(list: Emitter['list'], far: ReadonlySet<Instruction>): number {
  let at = 0;
  for (const item of list) {
    if ('label' in item) item.label.at = at;
    else at += far.has(item) ? 3 : 1;
  }
  return at;
}

function tooFar(list: Emitter['list'], far: ReadonlySet<Instruction>): Instruction[] {
  const found: Instruction[] = [];
  let at = 0;
  for (const item of list) {
    if ('label' in item) continue;
    if (item.no !== undefined && !far.has(item)) {
      if (item.yes!.at - at - 1 > 255 || item.no.at - at - 1 > 255) found.push(item);
    }
    at += far.has(item) ? 3 : 1;
  }
  return found;
}

function write(list: Emitter['list'], far: ReadonlySet<Instruction>, length: number): Bytecode {
  const code = new Uint16Array(length);
  const jumpTrue = new Uint8Array(length);
  const jumpFalse = new Uint8Array(length);
  const operand = new Uint32Array(length);
  let at = 0;
  for (const item of list) {
    if ('label' in item) continue;
    code[at] = item.code;
    operand[at] = item.operand;
    if (item.no === undefined) {
      // An unconditional jump holds its distance in the operand.
      if (item.yes !== undefined) operand[at] = item.yes.at - at - 1;
      at++;
    } else if (far.has(item)) {
      jumpFalse[at] = 1;
      code[at + 1] = JMP | JA;
      operand[at + 1] = item.yes!.at - at - 2;
      code[at + 2] = JMP | JA;
      operand[at + 2] = item.no.at - at - 3;
      at += 3;
    } else {
      jumpTrue[at] = item.yes!.at - at - 1;
      jumpFalse[at] = item.no.at - at - 1;
      at++;
    }
  }
  return { length, code, jumpTrue, jumpFalse, operand };
}
