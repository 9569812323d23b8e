import { describe } from 'vitest';
import { testDetector } from '../../../test/builders/payload.ts';
import { IRC } from './irc.ts';

describe('irc', () => {
  testDetector(IRC, [
    {
      name: 'registration',
      bytes: 'NICK guest\r\nUSER guest 0 * :A Guest\r\n',
      is: 'certain asks',
    },
    { name: 'capabilities', bytes: 'CAP LS 302\r\n', is: 'certain asks' },
    { name: 'user alone', bytes: 'USER guest 8 * :Guest\r\n', is: 'certain asks' },
    {
      name: 'welcome',
      bytes: ':irc.example.org 001 guest :Welcome to the network\r\n',
      fromServer: true,
      is: 'certain answers',
      facts: ['irc irc.example.org of source'],
    },
    {
      name: 'notice of a server',
      bytes: ':irc.example.org NOTICE * :*** Looking up your hostname...\r\n',
      fromServer: true,
      is: 'certain answers',
      facts: ['irc irc.example.org of source'],
    },
    {
      name: 'older notice',
      bytes: 'NOTICE AUTH :*** Checking Ident\r\n',
      fromServer: true,
      is: 'certain answers',
    },
    { name: 'nick alone', bytes: 'NICK guest\r\n', is: 'likely asks' },
    { name: 'sign of life', bytes: 'PING :irc.example.org\r\n', is: 'likely' },
    { name: 'user of a file server', bytes: 'USER anonymous\r\n', is: 'no' },
    { name: 'a list of addresses', bytes: ':1 2 3\r\n', is: 'no' },
  ]);
});
