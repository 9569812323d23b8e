import { describe } from 'vitest';
import { testDetector } from '../../../test/builders/payload.ts';
import { REDIS } from './redis.ts';

const INFO = '# Server\r\nredis_version:7.0.15\r\nredis_git_sha1:00000000\r\n';

describe('redis', () => {
  testDetector(REDIS, [
    { name: 'command', bytes: '*1\r\n$4\r\nPING\r\n', is: 'certain asks' },
    {
      name: 'several commands',
      bytes: '*3\r\n$3\r\nset\r\n$1\r\na\r\n$1\r\nb\r\n*2\r\n$3\r\nget\r\n$1\r\na\r\n',
      is: 'certain asks',
    },
    {
      name: 'password',
      bytes: '*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n',
      is: 'certain asks',
      facts: ['login = in clear'],
    },
    {
      name: 'password beside the choice of RESP 3',
      bytes: '*5\r\n$5\r\nHELLO\r\n$1\r\n3\r\n$4\r\nAUTH\r\n$7\r\ndefault\r\n$6\r\nsecret\r\n',
      is: 'certain asks',
      facts: ['login = in clear'],
    },
    { name: 'the choice alone', bytes: '*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n', is: 'certain asks' },
    { name: 'list', bytes: '*2\r\n$3\r\none\r\n$3\r\ntwo\r\n', fromServer: true, is: 'certain' },
    { name: 'pong', bytes: '+PONG\r\n', fromServer: true, is: 'certain answers' },
    {
      name: 'refusal',
      bytes: '-NOAUTH Authentication required.\r\n',
      fromServer: true,
      is: 'certain answers',
    },
    {
      name: 'about itself',
      bytes: `$${INFO.length}\r\n${INFO}\r\n`,
      fromServer: true,
      is: 'certain answers',
      facts: ['version = 7.0.15'],
    },
    { name: 'done', bytes: '+OK\r\n', fromServer: true, is: 'likely answers' },
    { name: 'number', bytes: ':42\r\n', fromServer: true, is: 'likely answers' },
    { name: 'string', bytes: '$5\r\nhello\r\n', fromServer: true, is: 'likely answers' },
    { name: 'inline command', bytes: 'PING\r\n', is: 'likely asks' },
    { name: 'list in Markdown', bytes: '*1\r\n*2\r\n', is: 'no' },
    { name: 'price', bytes: '$5\r\nis the price of it\r\n', is: 'no' },
    { name: 'greeting of a mail server', bytes: '+OK Dovecot ready.\r\n', is: 'no' },
  ]);
});
