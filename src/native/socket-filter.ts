/**
 * Classic BPF programs on sockets (filter.txt of Linux, SO_ATTACH_FILTER): from then on the
 * socket receives only what the program returns more than 0 octets of.
 */
import { checked } from './libc.ts';
import { MappedMemory } from './mapped-memory.ts';
import { SO_ATTACH_FILTER, SOL_SOCKET, socketCalls } from './sockets.ts';

/** One instruction of the classic packet filter: code, jump true, jump false, operand. */
export type FilterStep = readonly [code: number, yes: number, no: number, operand: number];

/** Octets of `struct sock_fprog`: length, padding, pointer to the instructions. */
const HEAD = 16;
const STEP = 8;

/** Attaches a filter in place of the one before. Throws `SystemCallError`. */
export function attachFilter(fd: number, steps: readonly FilterStep[]): void {
  const program = new MappedMemory(HEAD + STEP * steps.length);
  const view = new DataView(program.buffer);
  view.setUint16(0, steps.length, true);
  view.setBigUint64(8, program.address + BigInt(HEAD), true);
  steps.forEach(([code, yes, no, operand], index) => {
    const at = HEAD + STEP * index;
    view.setUint16(at, code, true);
    view.setUint8(at + 2, yes);
    view.setUint8(at + 3, no);
    view.setUint32(at + 4, operand >>> 0, true);
  });
  const result = socketCalls().setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, program.address, HEAD);
  program.release();
  checked('setsockopt(SO_ATTACH_FILTER)', result);
}
