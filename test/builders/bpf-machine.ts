/**
 * The machine of classic BPF (McCanne and Jacobson 1993), as the kernel has it: runs bytecode
 * over a frame and returns how many octets of it are kept. For tests only.
 */
import type { Bytecode } from '../../src/wire/filter/bytecode.ts';

/** Checks that a program ends and stays within its bounds, as the kernel does before it takes it. */
export function verify(program: Bytecode): void {
  for (let at = 0; at < program.length; at++) {
    const code = program.code[at]!;
    const operand = program.operand[at]!;
    if ((code & 7) === 5) {
      const far = code === 5 ? operand : Math.max(program.jumpTrue[at]!, program.jumpFalse[at]!);
      if (at + 1 + far >= program.length) throw new Error(`instruction ${at} jumps out`);
    }
    const division = code === 0x34 || code === 0x94;
    if (division && operand === 0) throw new Error(`instruction ${at} divides by zero`);
    if ((code === 0x64 || code === 0x74) && operand > 31) throw new Error(`shift at ${at}`);
    const memory = [0x60, 0x61, 0x02, 0x03].includes(code);
    if (memory && operand >= 16) throw new Error(`instruction ${at} has no such word`);
  }
  if ((program.code[program.length - 1]! & 7) !== 6) throw new Error('does not end with a return');
}

/** Runs the program over a captured frame; `length` is the frame's length on the wire. */
export function execute(program: Bytecode, frame: Uint8Array, length: number): number {
  const memory = new Uint32Array(16);
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  let a = 0;
  let x = 0;
  for (let at = 0; ; at++) {
    const code = program.code[at]!;
    const k = program.operand[at]!;
    const operand = (code & 8) === 0 ? k : x;
    switch (code & 7) {
      case 0: {
        const loaded = load(code, k, x, memory, view, length);
        if (loaded === undefined) return 0;
        a = loaded;
        break;
      }
      case 1: {
        if ((code & 0xe0) === 0xa0) {
          if (k >= view.byteLength) return 0;
          x = (view.getUint8(k) & 15) * 4;
        } else if ((code & 0xe0) === 0x60) x = memory[k]!;
        else if ((code & 0xe0) === 0x80) x = length;
        else x = k;
        break;
      }
      case 2:
        memory[k] = a;
        break;
      case 3:
        memory[k] = x;
        break;
      case 4: {
        const result = alu(code & 0xf0, a, operand);
        if (result === undefined) return 0;
        a = result;
        break;
      }
      case 5:
        if ((code & 0xf0) === 0) at += k;
        else at += jumps(code & 0xf0, a, operand) ? program.jumpTrue[at]! : program.jumpFalse[at]!;
        break;
      case 6:
        return k;
      default:
        if ((code & 0xf8) === 0x80) a = x;
        else x = a;
    }
  }
}

function load(
  code: number,
  k: number,
  x: number,
  memory: Uint32Array,
  view: DataView,
  length: number,
): number | undefined {
  const mode = code & 0xe0;
  if (mode === 0x00) return k;
  if (mode === 0x60) return memory[k]!;
  if (mode === 0x80) return length;
  const at = mode === 0x40 ? x + k : k;
  const size = (code & 0x18) === 0x10 ? 1 : (code & 0x18) === 0x08 ? 2 : 4;
  if (at + size > view.byteLength) return undefined;
  if (size === 1) return view.getUint8(at);
  return size === 2 ? view.getUint16(at) : view.getUint32(at);
}

function alu(operation: number, a: number, operand: number): number | undefined {
  switch (operation) {
    case 0x00:
      return (a + operand) >>> 0;
    case 0x10:
      return (a - operand) >>> 0;
    case 0x20:
      return Math.imul(a, operand) >>> 0;
    case 0x30:
      return operand === 0 ? undefined : Math.floor(a / operand);
    case 0x40:
      return (a | operand) >>> 0;
    case 0x50:
      return (a & operand) >>> 0;
    case 0x60:
      return operand > 31 ? 0 : (a << operand) >>> 0;
    case 0x70:
      return operand > 31 ? 0 : a >>> operand;
    case 0x90:
      return operand === 0 ? undefined : a % operand;
    case 0xa0:
      return (a ^ operand) >>> 0;
    default:
      throw new Error(`no operation ${operation}`);
  }
}

function jumps(condition: number, a: number, operand: number): boolean {
  switch (condition) {
    case 0x10:
      return a === operand;
    case 0x20:
      return a > operand;
    case 0x30:
      return a >= operand;
    default:
      return (a & operand) >>> 0 !== 0;
  }
}
