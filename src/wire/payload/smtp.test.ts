import { describe } from 'vitest';
import { testDetector } from '../../../test/builders/payload.ts';
import { SMTP } from './smtp.ts';

describe('smtp', () => {
  testDetector(SMTP, [
    {
      name: 'greeting of Exim',
      bytes: '220 mail.example.org ESMTP Exim 4.96 Sun, 22 Nov 2026 13:00:00 +0000\r\n',
      fromServer: true,
      is: 'certain answers',
      facts: ['smtp mail.example.org of source', 'product = Exim 4.96'],
    },
    {
      name: 'greeting of Postfix',
      bytes: '220 mx.example.org ESMTP Postfix (Debian/GNU)\r\n',
      fromServer: true,
      is: 'certain answers',
      facts: ['smtp mx.example.org of source', 'product = Postfix (Debian/GNU)'],
    },
    {
      name: 'greeting that does not say what it is',
      bytes: '220 ready\r\n',
      fromServer: true,
      is: 'likely answers',
    },
    {
      name: 'the answer to STARTTLS',
      bytes: '220 TLS go ahead\r\n',
      fromServer: true,
      is: 'likely answers',
    },
    {
      name: 'extensions',
      bytes: '250-mx.example.org Hello\r\n250-SIZE 52428800\r\n250-8BITMIME\r\n250 HELP\r\n',
      fromServer: true,
      is: 'certain answers',
    },
    {
      name: 'greeting of a client',
      bytes: 'EHLO client.example.org\r\n',
      is: 'certain asks',
      facts: ['smtp client.example.org of source'],
    },
    { name: 'an address in its place', bytes: 'ehlo [192.0.2.9]\r\n', is: 'certain asks' },
    { name: 'sender', bytes: 'MAIL FROM:<a@example.org> SIZE=100\r\n', is: 'certain asks' },
    {
      name: 'password',
      bytes: 'AUTH PLAIN AHVzZXIAc2VjcmV0\r\n',
      is: 'likely asks',
      facts: ['login = in clear'],
    },
    { name: 'encryption', bytes: 'STARTTLS\r\n', is: 'likely asks' },
    { name: 'some answer', bytes: '354 go ahead\r\n', is: 'likely answers' },
    { name: 'a sentence', bytes: 'HELO is a word of SMTP.\r\n', is: 'no' },
    { name: 'a number', bytes: '220 volts, and more than one line', is: 'no' },
    { name: 'data in a sentence', bytes: 'Data of many\r\n', is: 'no' },
    { name: 'a sentence like a command', bytes: 'mail from: Were up been who on?\r\n', is: 'no' },
    { name: 'an address in no path', bytes: 'MAIL FROM: Stats <Of>\r\n', is: 'no' },
    {
      name: 'a path behind a blank',
      bytes: 'MAIL FROM: <a@example.org> SIZE=9\r\n',
      is: 'certain asks',
    },
    { name: 'an address without brackets', bytes: 'rcpt to:b@example.org\r\n', is: 'certain asks' },
    { name: 'a path of nobody', bytes: 'MAIL FROM:<>\r\n', is: 'certain asks' },
    { name: 'a path that does not end', bytes: 'MAIL FROM:<a\r\n', is: 'no' },
  ]);
});
