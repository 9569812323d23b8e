import { describe } from 'vitest';
import { testDetector } from '../../../test/builders/payload.ts';
import { POP3 } from './pop3.ts';

describe('pop3', () => {
  testDetector(POP3, [
    {
      name: 'greeting of Dovecot',
      bytes: '+OK Dovecot (Debian) ready.\r\n',
      fromServer: true,
      is: 'certain answers',
      facts: ['product = Dovecot (Debian) ready.'],
    },
    {
      name: 'greeting with a time stamp',
      bytes: '+OK POP3 server ready <1896.697170952@mail.example.org>\r\n',
      fromServer: true,
      is: 'certain answers',
      facts: ['product = POP3 server ready'],
    },
    { name: 'plain answer', bytes: '+OK\r\n', fromServer: true, is: 'likely answers' },
    { name: 'refusal', bytes: '-ERR no such user\r\n', fromServer: true, is: 'likely answers' },
    { name: 'capabilities', bytes: 'CAPA\r\n', is: 'likely asks' },
    { name: 'password', bytes: 'PASS secret\r\n', is: 'likely asks', facts: ['login = in clear'] },
    {
      name: 'password in base64',
      bytes: 'AUTH PLAIN AHUAZ2VoZWlt\r\n',
      is: 'likely asks',
      facts: ['login = in clear'],
    },
    { name: 'a challenge', bytes: 'AUTH CRAM-MD5\r\n', is: 'likely asks' },
    { name: 'a line of a patch', bytes: '+OK then\n', is: 'no' },
    { name: 'a word that begins alike', bytes: 'STATUS\r\n', is: 'no' },
  ]);
});
