/** Composed by RFC 2326 and RFC 7826. */
import { describe } from 'vitest';
import { testDetector } from '../../../test/builders/payload.ts';
import { RTSP } from './rtsp.ts';

describe('rtsp', () => {
  testDetector(RTSP, [
    {
      name: 'a stream is described',
      dport: 554,
      bytes: 'DESCRIBE rtsp://192.168.50.9/cam RTSP/1.0\r\nCSeq: 2\r\n\r\n',
      is: 'certain asks',
    },
    {
      name: 'all options',
      dport: 554,
      bytes: 'OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n',
      is: 'certain asks',
    },
    {
      name: 'a camera that names itself',
      sport: 554,
      bytes: 'RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\nServer: Camera/3\r\n\r\n',
      is: 'certain answers',
      facts: ['product = Camera/3'],
    },
    {
      name: 'ports of the media',
      sport: 554,
      bytes:
        'RTSP/1.0 200 OK\r\nTransport: RTP/AVP;unicast;client_port=4588-4589;server_port=6256-6257\r\n\r\n',
      is: 'certain answers',
      facts: ['expect rtp at source 6256', 'expect rtcp at source 6257'],
    },
    {
      name: 'a port that is none',
      sport: 554,
      bytes: 'RTSP/2.0 200 OK\r\nTransport: RTP/AVP;server_port=99999\r\n\r\n',
      is: 'certain answers',
    },
    { name: 'a request of HTTP', dport: 554, bytes: 'OPTIONS / HTTP/1.1\r\n\r\n', is: 'no' },
    {
      name: 'a request of SIP',
      dport: 5060,
      bytes: 'OPTIONS sip:a@example.test SIP/2.0\r\n\r\n',
      is: 'no',
    },
    { name: 'no status', sport: 554, bytes: 'RTSP/1.0 OK', is: 'no' },
  ]);
});
