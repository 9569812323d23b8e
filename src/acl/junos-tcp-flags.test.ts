import { describe, expect, it } from 'vitest';
import { tcpFlagsOf } from './junos-tcp-flags.ts';
import { LineFault } from './line-fault.ts';

const SYN = 2;
const RST = 4;
const ACK = 16;

const holds = (text: string, flags: number): boolean =>
  tcpFlagsOf(text).some(({ mask, value }) => (flags & mask) === value);

describe('flags of TCP', () => {
  it.each<[string, (flags: number) => boolean]>([
    ['syn', (flags) => (flags & SYN) > 0],
    ['(syn & !ack)', (flags) => (flags & SYN) > 0 && (flags & ACK) === 0],
    ['(ack | rst)', (flags) => (flags & (ACK | RST)) > 0],
    ['!(syn & ack)', (flags) => (flags & SYN) === 0 || (flags & ACK) === 0],
    ['!(syn | (ack & !rst))', (flags) => !(flags & SYN) && !((flags & ACK) > 0 && !(flags & RST))],
    ['0x12', (flags) => (flags & 0x12) === 0x12],
    ['!0x12', (flags) => (flags & 0x12) !== 0x12],
    ['syn & !syn', () => false],
  ])('%s', (text, wanted) => {
    for (let flags = 0; flags < 64; flags++) expect(holds(text, flags)).toBe(wanted(flags));
  });

  it.each([
    '',
    'sin',
    'syn ack',
    '(syn',
    'syn)',
    'syn &',
    '0x40',
    `${'('.repeat(40)}syn`,
    `${'(syn|ack)&'.repeat(99)}syn`,
  ])('are not “%s”', (text) => {
    expect(() => tcpFlagsOf(text)).toThrow(LineFault);
  });
});
