/** Hostile frames must never stop a printer: any octets, any cut, any link type. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arp, ether, icmp4, icmp6, ipv4, ipv6, tcp, udp } from '../../../test/builders/packet.ts';
import { FrameBatch } from '../frame-batch.ts';
import { Printer, type PrinterOptions } from './printer.ts';

const LINK_TYPES = [
  0, 1, 9, 10, 50, 101, 104, 105, 108, 113, 127, 129, 228, 229, 239, 242, 258, 276, 9999,
];
const STYLES: readonly PrinterOptions[] = [
  { quiet: true, time: 'none' },
  { verbose: 3, linkHeader: true, time: 'date', dump: 'both', nanoseconds: true },
  { verbose: 1, time: 'delta', dump: 'text', dumpLink: true, numbers: true },
];

/** Prints a frame that lies at the very end of its buffer, so that reading on would throw. */
function print(octets: Uint8Array, linkType: number, options: PrinterOptions, original?: number) {
  const batch = new FrameBatch();
  const bytes = new Uint8Array(3 + octets.length);
  bytes.set(octets, 3);
  batch.reset(bytes, new DataView(bytes.buffer));
  batch.count = 1;
  batch.offset[0] = 3;
  batch.captured[0] = octets.length;
  batch.original[0] = original ?? octets.length;
  batch.seconds[0] = 1_700_000_000;
  const printer = new Printer(options);
  printer.print(batch, 0, linkType);
  return Buffer.from(printer.text).toString('latin1');
}

const A = '192.0.2.1';
const B = '198.51.100.7';
const A6 = '2001:db8::1';
const B6 = '2001:db8::2';
const SPECIMENS = [
  ether({}, ipv4({ src: A, dst: B }, tcp({ sport: 1, dport: 2, flags: 'SA' }, 'x'))),
  ether({}, ipv4({ src: A, dst: B }, udp({ sport: 1, dport: 2 }, 'x'))),
  ether(
    {},
    ipv4(
      { src: A, dst: B },
      icmp4({ type: 3, code: 3 }, ipv4({ src: B, dst: A }, udp({ sport: 5, dport: 6 }))),
    ),
  ),
  ether(
    {},
    ipv6(
      { src: A6, dst: B6 },
      icmp6({ type: 1, code: 4 }, ipv6({ src: B6, dst: A6 }, udp({ sport: 5, dport: 6 }))),
    ),
  ),
  ether({ type: 0x0806 }, arp({ sender: A, target: B })),
];

describe('a printer', () => {
  it('prints any octets of any link type', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom(...LINK_TYPES),
        fc.constantFrom(...STYLES),
        fc.integer({ min: 0, max: 0xffffffff }),
        (octets, linkType, options, original) => {
          const line = print(octets, linkType, options, Math.max(octets.length, original));
          expect(line.endsWith('\n')).toBe(true);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('prints packets cut anywhere, and with any octet changed', () => {
    const stopped: string[] = [];
    const look = (octets: Uint8Array, options: PrinterOptions, original?: number) => {
      const text = print(octets, 1, options, original);
      if (!text.endsWith('\n')) stopped.push(text);
    };
    for (const frame of SPECIMENS) {
      for (const options of STYLES) {
        for (let length = 0; length <= frame.length; length++) {
          look(frame.slice(0, length), options, frame.length);
        }
        for (let at = 12; at < frame.length; at++) {
          for (const value of [0, 1, 0x0f, 0x45, 0x60, 0x7f, 0xff]) {
            const changed = frame.slice();
            changed[at] = value;
            look(changed, options);
          }
        }
      }
    }
    expect(stopped).toEqual([]);
  });

  it('writes no control octets', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 100 }),
        fc.constantFrom(...LINK_TYPES),
        (octets, linkType) => {
          // biome-ignore lint/suspicious/noControlCharactersInRegex: they are looked for.
          expect(print(octets, linkType, STYLES[1]!)).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\xff]/);
        },
      ),
    );
  });
});
