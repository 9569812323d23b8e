/** Fixtures from Prosody 0.12 (Debian 12), and composed by RFC 6120. */
import { describe } from 'vitest';
import { hex } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { XMPP } from './xmpp.ts';

describe('xmpp', () => {
  testDetector(XMPP, [
    {
      name: 'a stream is opened',
      bytes: hex(`
      3c3f786d6c2076657273696f6e3d27312e30273f3e3c73747265616d3a73747265616d20746f3d2763686174
      2e6578616d706c652e74657374272076657273696f6e3d27312e302720786d6c6e733d276a61626265723a63
      6c69656e742720786d6c6e733a73747265616d3d27687474703a2f2f6574686572782e6a61626265722e6f72
      672f73747265616d73273e
    `),
      sport: 34198,
      dport: 5222,
      is: 'certain',
      facts: ['xmpp chat.example.test of destination'],
    },
    {
      name: 'and answered',
      bytes: hex(`
      3c3f786d6c2076657273696f6e3d27312e30273f3e3c73747265616d3a73747265616d20786d6c3a6c616e67
      3d27656e272066726f6d3d27636861742e6578616d706c652e746573742720786d6c6e733d276a6162626572
      3a636c69656e74272076657273696f6e3d27312e302720786d6c6e733a73747265616d3d27687474703a2f2f
      6574686572782e6a61626265722e6f72672f73747265616d73272069643d2730613839633133382d64353237
      2d343564642d396466352d613330616461396437343232273e3c73747265616d3a6572726f723e3c756e6465
      66696e65642d636f6e646974696f6e20786d6c6e733d2775726e3a696574663a706172616d733a786d6c3a6e
      733a786d70702d73747265616d73272f3e3c7465787420786d6c6e733d2775726e3a696574663a706172616d
      733a786d6c3a6e733a786d70702d73747265616d73273e4e6f2073747265616d20666561747572657320746f
      2070726f6365656420776974683c2f746578743e3c2f73747265616d3a6572726f723e3c2f73747265616d3a
      73747265616d3e
    `),
      sport: 5222,
      dport: 34198,
      is: 'certain',
      facts: ['xmpp chat.example.test of source'],
    },
    {
      name: 'a server calls another, without a declaration',
      dport: 5269,
      bytes:
        '<stream:stream xmlns="jabber:server" xmlns:stream="http://etherx.jabber.org/streams" from="a.test" to="b.test" version="1.0">',
      is: 'certain',
      facts: ['xmpp b.test of destination'],
    },
    {
      name: 'the namespace beyond the capture',
      dport: 5222,
      length: 200,
      bytes: '<?xml version="1.0"?><stream:stream to="chat.test"',
      is: 'likely',
      facts: ['xmpp chat.test of destination'],
    },
    {
      name: 'password',
      dport: 5222,
      bytes: "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGEAYg==</auth>",
      is: 'certain asks',
      facts: ['login = in clear'],
    },
    {
      name: 'a login that hides it',
      dport: 5222,
      bytes: '<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="SCRAM-SHA-1">biws</auth>',
      is: 'certain asks',
    },
    {
      name: 'another document',
      dport: 5222,
      bytes: '<?xml version="1.0"?><rss version="2.0"></rss>',
      is: 'no',
    },
    { name: 'a page', dport: 5222, bytes: '<html><body>stream:stream</body></html>', is: 'no' },
  ]);
});
