/** A fixture from gssdp-discover 1.6 (Debian 12), the others composed by the UPnP Device Architecture 2.0. */
import { describe } from 'vitest';
import { hex } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { SSDP } from './ssdp.ts';

describe('ssdp', () => {
  testDetector(SSDP, [
    {
      name: 'a search',
      bytes: hex(`
      4d2d534541524348202a20485454502f312e310d0a486f73743a203233392e3235352e3235352e3235303a31
      3930300d0a4d616e3a2022737364703a646973636f766572220d0a53543a20737364703a616c6c0d0a4d583a
      20330d0a557365722d4167656e743a204c696e75782f362e31382e34342d66632d763635372055506e502f31
      2e302047535344502f312e362e320d0a0d0a
    `),
      transport: 17,
      sport: 51049,
      dport: 1900,
      is: 'certain asks',
    },
    {
      name: 'an announcement',
      transport: 17,
      sport: 50000,
      dport: 1900,
      bytes:
        'NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nLOCATION: http://192.168.50.9:49152/d.xml\r\nNTS: ssdp:alive\r\nServer: Linux/5 UPnP/1.0 Lab/2\r\n\r\n',
      is: 'certain',
      facts: ['product = Linux/5 UPnP/1.0 Lab/2', 'expect http at 192.168.50.9 49152'],
    },
    {
      name: 'an answer',
      transport: 17,
      sport: 1900,
      dport: 50000,
      bytes:
        'HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=60\r\nLocation: https://192.168.50.9/d.xml\r\nusn: uuid:1::upnp:rootdevice\r\n\r\n',
      is: 'certain answers',
      facts: ['expect http at 192.168.50.9 443'],
    },
    {
      name: 'a place that is no address',
      transport: 17,
      dport: 1900,
      bytes: 'NOTIFY * HTTP/1.1\r\nLOCATION: http://999.1.1.1:70000/\r\n\r\n',
      is: 'certain',
    },
    {
      name: 'an answer of HTTP',
      transport: 17,
      sport: 8080,
      bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
      is: 'no',
    },
    {
      name: 'a request of HTTP',
      transport: 17,
      dport: 1900,
      bytes: 'GET / HTTP/1.1\r\n\r\n',
      is: 'no',
    },
    {
      name: 'local discovery of BitTorrent',
      transport: 17,
      dport: 6771,
      bytes: 'BT-SEARCH * HTTP/1.1\r\n',
      is: 'no',
    },
  ]);
});
