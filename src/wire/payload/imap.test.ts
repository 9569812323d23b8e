import { describe } from 'vitest';
import { testDetector } from '../../../test/builders/payload.ts';
import { IMAP } from './imap.ts';

describe('imap', () => {
  testDetector(IMAP, [
    {
      name: 'greeting of Dovecot',
      bytes: '* OK [CAPABILITY IMAP4rev1 SASL-IR LOGIN-REFERRALS ID] Dovecot (Debian) ready.\r\n',
      fromServer: true,
      is: 'certain answers',
      facts: ['product = Dovecot (Debian) ready.'],
    },
    {
      name: 'greeting that does not say what it is',
      bytes: '* OK ready\r\n',
      fromServer: true,
      is: 'likely answers',
      facts: ['product = ready'],
    },
    {
      name: 'a wait before the greeting',
      bytes: '* OK Waiting for authentication process to respond..\r\n',
      fromServer: true,
      is: 'likely answers',
    },
    {
      name: 'password in base64',
      bytes: 'A002 AUTHENTICATE PLAIN AHUAZ2VoZWlt\r\n',
      is: 'certain asks',
      facts: ['login = in clear'],
    },
    { name: 'a challenge', bytes: 'A002 AUTHENTICATE GSSAPI\r\n', is: 'certain asks' },
    {
      name: 'capabilities',
      bytes: '* CAPABILITY IMAP4rev1 STARTTLS\r\na1 OK done\r\n',
      fromServer: true,
      is: 'certain answers',
    },
    { name: 'a command', bytes: 'a001 CAPABILITY\r\n', is: 'certain asks' },
    { name: 'encryption', bytes: '1 STARTTLS\r\n', is: 'certain asks' },
    {
      name: 'password',
      bytes: 'a2 LOGIN user secret\r\n',
      is: 'likely asks',
      facts: ['login = in clear'],
    },
    { name: 'an answer', bytes: 'a2 OK Logged in\r\n', fromServer: true, is: 'likely answers' },
    { name: 'a list', bytes: '* first\r\n* second\r\n', is: 'no' },
    { name: 'a command without a tag', bytes: 'CAPABILITY\r\n', is: 'no' },
    {
      name: 'a sentence behind a number',
      bytes: '88 Select Join name help\r\n',
      is: 'likely asks',
    },
    { name: 'a folder is opened', bytes: '5 select "INBOX"\r\n', is: 'certain asks' },
  ]);
});
