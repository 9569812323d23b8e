import { describe } from 'vitest';
import { hex, join, u8, u16, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { ORACLE_TNS } from './oracle-tns.ts';

const packet = (type: number, body: Uint8Array | string): Uint8Array =>
  join(u16((body as string).length + 8, 0), u8(type, 0), u16(0), body);
const DESCRIPTION =
  '(DESCRIPTION=(CONNECT_DATA=(SERVICE_NAME=shop)(CID=(PROGRAM=sqlplus)(HOST=pc7)(USER=ann)))(ADDRESS=(PROTOCOL=TCP)(HOST=192.0.2.1)(PORT=1521)))';
const connect = join(
  hex('0139 012c 0c41 2000 ffff 7f08 0000 0100'),
  u16(DESCRIPTION.length),
  hex('003a'),
  zeros(30),
  DESCRIPTION,
);

describe('oracle-tns', () => {
  testDetector(ORACLE_TNS, [
    {
      name: 'connection',
      bytes: packet(1, connect),
      is: 'certain asks',
      facts: ['service = shop', 'oracle pc7 of source'],
    },
    {
      name: 'connection whose description comes later',
      bytes: packet(1, connect.subarray(0, 50)),
      is: 'likely asks',
    },
    {
      name: 'acceptance',
      bytes: packet(2, hex('0139 0c41 2000 7fff 0100 0000 0020 0101 00000000 00000000')),
      fromServer: true,
      is: 'certain answers',
      facts: ['version = 313'],
    },
    {
      name: 'refusal',
      bytes: packet(
        4,
        join(
          hex('2200 0042'),
          '(DESCRIPTION=(TMP=)(VSNNUM=0)(ERR=12514)(ERROR_STACK=(ERROR=(CODE=12514))))',
        ),
      ),
      fromServer: true,
      is: 'certain answers',
    },
    {
      name: 'redirection',
      bytes: packet(5, join(u16(50), '(ADDRESS=(PROTOCOL=tcp)(HOST=192.0.2.2)(PORT=1522))')),
      fromServer: true,
      is: 'certain answers',
    },
    {
      name: 'once more',
      bytes: hex('0008 0000 0b00 0000'),
      fromServer: true,
      is: 'likely answers',
    },
    { name: 'version that is none', bytes: packet(1, join(u16(9), connect.subarray(2))), is: 'no' },
    { name: 'zeros', bytes: zeros(40), is: 'no' },
  ]);
});
