import { describe } from 'vitest';
import { testDetector } from '../../../test/builders/payload.ts';
import { FTP } from './ftp.ts';

const server = { sport: 21, fromServer: true } as const;

describe('ftp', () => {
  testDetector(FTP, [
    {
      ...server,
      name: 'greeting of vsftpd',
      bytes: '220 (vsFTPd 3.0.3)\r\n',
      is: 'certain answers',
      facts: ['product = (vsFTPd 3.0.3)'],
    },
    {
      ...server,
      name: 'greeting that does not say what it is',
      bytes: '220 Welcome\r\n',
      is: 'likely answers',
      facts: ['product = Welcome'],
    },
    {
      ...server,
      name: 'passive mode',
      bytes: '227 Entering Passive Mode (192,0,2,1,19,137).\r\n',
      is: 'certain answers',
      facts: ['expect ftp-data at source 5001'],
    },
    {
      ...server,
      name: 'extended passive mode',
      bytes: '229 Entering Extended Passive Mode (|||5002|)\r\n',
      is: 'certain answers',
      facts: ['expect ftp-data at source 5002'],
    },
    {
      name: 'port of a client',
      bytes: 'PORT 192,0,2,7,195,80\r\n',
      is: 'certain asks',
      facts: ['expect ftp-data at source 50000'],
    },
    {
      name: 'extended port of a client',
      bytes: 'EPRT |2|2001:db8::7|50001|\r\n',
      is: 'certain asks',
      facts: ['expect ftp-data at source 50001'],
    },
    { name: 'password', bytes: 'PASS secret\r\n', is: 'likely asks', facts: ['login = in clear'] },
    { name: 'encryption', bytes: 'AUTH TLS\r\n', is: 'certain asks' },
    { name: 'transfer mode', bytes: 'TYPE I\r\n', is: 'certain asks' },
    {
      ...server,
      name: 'password wanted',
      bytes: '331 Please specify the password.\r\n',
      is: 'likely answers',
    },
    { name: 'a port that is none', bytes: 'PORT 192,0,2,7,300,80\r\n', is: 'no' },
    { name: 'a port that is cut', bytes: 'PORT 192,0,2,7,19\r\n', is: 'no' },
    {
      ...server,
      name: 'passive mode without a port',
      bytes: '227 Entering Passive Mode\r\n',
      is: 'certain answers',
    },
    { name: 'a word that begins alike', bytes: 'PASSAGE to somewhere\r\n', is: 'no' },
    { name: 'an endless line', bytes: 'USER anonymous', is: 'no' },
  ]);
});
