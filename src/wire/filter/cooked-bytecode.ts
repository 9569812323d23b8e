/**
 * Bytecode for cooked captures of live traffic: the program is made for frames with a header
 * (LINKTYPE_LINUX_SLL2), but the kernel runs it on packets without one. Loads behind the header
 * move to the front; the protocol in it comes from the kernel's own knowledge of the packet.
 */
import { type Bytecode, NoBytecode } from './bytecode.ts';

const HEADER = 20;
/** Ancillary loads of Linux (filter.txt): SKF_AD_OFF, its SKF_AD_PROTOCOL and SKF_AD_PKTTYPE. */
const PROTOCOL = 0xfffff000;
const PACKET_TYPE = 0xfffff004;
const INTERFACE = 0xfffff008;
const LD_HALF_ABSOLUTE = 0x28;
const LD_BYTE_ABSOLUTE = 0x30;
const LD_WORD_ABSOLUTE = 0x20;

/** A copy for the kernel. Throws `NoBytecode` where a filter looks at the rest of the header. */
export function withoutHeader(program: Bytecode): Bytecode {
  const operand = program.operand.slice();
  for (let index = 0; index < program.length; index++) {
    const code = program.code[index]!;
    const offset = operand[index]!;
    // Loads: absolute, indexed, and of the length of an IPv4 header.
    const absolute = (code & 7) === 0 && (code & 0xe0) === 0x20;
    const indexed = (code & 7) === 0 && (code & 0xe0) === 0x40;
    if (code === 0x80) throw new NoBytecode('lengths would leave out the header of the capture');
    if (!absolute && !indexed && code !== 0xb1) continue;
    if (offset >= HEADER) operand[index] = offset - HEADER;
    else if (code === LD_HALF_ABSOLUTE && offset === 0) operand[index] = PROTOCOL;
    else if (code === LD_BYTE_ABSOLUTE && offset === 10) operand[index] = PACKET_TYPE;
    else if (code === LD_WORD_ABSOLUTE && offset === 4) operand[index] = INTERFACE;
    else throw new NoBytecode('the kernel has no header there to look at');
  }
  return { ...program, operand };
}
