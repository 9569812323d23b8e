/** Composed by OPC 10000-6, section 7.1. */
import { describe } from 'vitest';
import { join, little, u32, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { OPC_UA } from './opc-ua.ts';

const size = (octets: number) => little(u32(octets));
function open(policy: string) {
  const address = `http://opcfoundation.org/UA/SecurityPolicy#${policy}`;
  return join('OPNF', size(24 + address.length), zeros(4), size(address.length), address, zeros(8));
}

describe('opc-ua', () => {
  testDetector(OPC_UA, [
    {
      name: 'hello',
      dport: 4840,
      bytes: join('HELF', size(32 + 24), zeros(20), little(u32(24)), 'opc.tcp://plc-1.test:484'),
      is: 'certain asks',
      facts: ['opc-ua plc-1.test of destination'],
    },
    {
      name: 'acknowledged',
      sport: 4840,
      bytes: join('ACKF', size(28), zeros(20)),
      is: 'certain answers',
    },
    {
      name: 'a channel without security',
      dport: 4840,
      bytes: open('None'),
      is: 'certain',
      facts: ['security = None'],
    },
    {
      name: 'a signed channel',
      sport: 4840,
      bytes: open('Basic256Sha256'),
      is: 'certain',
      facts: ['security = Basic256Sha256'],
    },
    { name: 'a message', dport: 4840, bytes: join('MSGF', size(40), zeros(32)), is: 'certain' },
    {
      name: 'the beginning of a large one',
      dport: 4840,
      bytes: join('MSGC', size(8192), zeros(32)),
      is: 'likely',
    },
    {
      name: 'an error',
      sport: 4840,
      bytes: join('ERRF', size(16), zeros(8)),
      is: 'certain answers',
    },
    {
      name: 'hello to something else',
      dport: 4840,
      bytes: join('HELF', size(16), zeros(60)),
      is: 'no',
    },
    {
      name: 'a channel without a policy',
      dport: 4840,
      bytes: join('OPNF', size(60), zeros(52)),
      is: 'no',
    },
    { name: 'a text', dport: 4840, bytes: 'MSGF or MSGC, that is the question', is: 'no' },
  ]);
});
