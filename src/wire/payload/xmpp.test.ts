import { describe } from 'vitest';
import { testDetector } from '../../../test/builders/payload.ts';
import { XMPP } from './xmpp.ts';

const OPENING = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' ";

describe('xmpp', () => {
  testDetector(XMPP, [
    {
      name: 'opening of a client',
      bytes: `${OPENING}to='chat.example.org' version='1.0'>`,
      is: 'certain',
      facts: ['xmpp chat.example.org of destination'],
    },
    {
      name: 'opening of a server',
      bytes: `${OPENING}from="chat.example.org" id='1'>`,
      fromServer: true,
      is: 'certain',
      facts: ['xmpp chat.example.org of source'],
    },
    {
      name: 'without a declaration',
      bytes: "<stream:stream xmlns='jabber:server'>",
      is: 'certain',
    },
    {
      name: 'features',
      bytes: '<stream:features><starttls/></stream:features>',
      fromServer: true,
      is: 'certain answers',
    },
    { name: 'some document', bytes: '<?xml version="1.0"?><feed></feed>', is: 'no' },
    { name: 'HTML', bytes: '<html>', is: 'no' },
  ]);
});
