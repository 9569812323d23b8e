import { describe } from 'vitest';
import { testDetector } from '../../../test/builders/payload.ts';
import { HTTP } from './http.ts';

describe('http', () => {
  testDetector(HTTP, [
    {
      name: 'request',
      bytes: 'GET /index.html HTTP/1.1\r\nHost: www.example.org:8080\r\nAccept: */*\r\n\r\n',
      is: 'certain asks',
      facts: ['http-host www.example.org of destination'],
    },
    {
      name: 'request with a password',
      bytes: 'POST /login HTTP/1.0\r\nauthorization: basic dXNlcjpzZWNyZXQ=\r\nHOST: intra\r\n\r\n',
      is: 'certain asks',
      facts: ['login = in clear (basic)', 'http-host intra of destination'],
    },
    {
      name: 'answer',
      bytes: 'HTTP/1.1 200 OK\r\nDate: x\r\nServer: nginx/1.22.1\r\nContent-Length: 0\r\n\r\n',
      fromServer: true,
      is: 'certain answers',
      facts: ['version = HTTP/1.1', 'product = nginx/1.22.1'],
    },
    {
      name: 'request by address',
      bytes: 'HEAD / HTTP/1.1\r\nHost: 192.0.2.1\r\n\r\n',
      is: 'certain asks',
    },
    {
      name: 'tunnel through a proxy',
      bytes: 'CONNECT www.example.org:443 HTTP/1.1\r\nHost: www.example.org:443\r\n\r\n',
      is: 'certain asks',
      facts: ['role = proxy'],
    },
    {
      name: 'request through a proxy',
      bytes: 'GET http://www.example.org/ HTTP/1.1\r\nHost: www.example.org\r\n\r\n',
      is: 'certain asks',
      facts: ['role = proxy'],
    },
    { name: 'about the whole server', bytes: 'OPTIONS * HTTP/1.1\r\n\r\n', is: 'certain asks' },
    { name: 'WebDAV', bytes: 'PROPFIND /dav HTTP/1.1\r\nDepth: 1\r\n\r\n', is: 'certain asks' },
    {
      name: 'line that was cut',
      bytes: `GET /${'a'.repeat(100)}`,
      length: 400,
      is: 'likely asks',
    },
    { name: 'line that ends without a version', bytes: 'GET /index.html\r\n', is: 'no' },
    { name: 'SIP', bytes: 'OPTIONS sip:a@example.org SIP/2.0\r\n', is: 'no' },
    { name: 'RTSP', bytes: 'OPTIONS rtsp://example.org RTSP/1.0\r\n', is: 'no' },
    { name: 'a sentence', bytes: 'GET the book.\r\n', is: 'no' },
    { name: 'status that is none', bytes: 'HTTP/1.1 the version\r\n', is: 'no' },
  ]);
});
