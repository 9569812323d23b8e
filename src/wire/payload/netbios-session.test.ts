import { describe } from 'vitest';
import { hex, join, u8, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { NETBIOS_SESSION } from './netbios-session.ts';

const name = (text: string, kind: number): Uint8Array => {
  const octets = [...Buffer.from(text.padEnd(15)), kind];
  const letters = octets.flatMap((octet) => [0x41 + (octet >> 4), 0x41 + (octet & 15)]);
  return join(u8(32, ...letters, 0));
};

describe('netbios-session', () => {
  testDetector(NETBIOS_SESSION, [
    {
      name: 'request',
      bytes: join(hex('81000044'), name('FILES', 0x20), name('PC-7', 0)),
      is: 'certain asks',
      facts: ['netbios FILES of destination', 'netbios PC-7 of source'],
    },
    {
      name: 'request to whoever listens',
      bytes: join(hex('81000044'), name('*SMBSERVER', 0x20), name('PC-7', 0)),
      is: 'certain asks',
      facts: ['netbios PC-7 of source'],
    },
    { name: 'yes', bytes: hex('82000000'), fromServer: true, is: 'likely answers' },
    { name: 'no', bytes: hex('8300000182'), fromServer: true, is: 'likely answers' },
    { name: 'no, for no reason', bytes: hex('8300000101'), is: 'no' },
    { name: 'names that are none', bytes: join(hex('81000044'), zeros(68)), is: 'no' },
  ]);
});
