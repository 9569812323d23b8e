import { describe } from 'vitest';
import { testDetector } from '../../../test/builders/payload.ts';
import { VNC } from './vnc.ts';

describe('vnc', () => {
  testDetector(VNC, [
    {
      name: 'server',
      bytes: 'RFB 003.008\n',
      fromServer: true,
      is: 'certain',
      facts: ['version = 3.8'],
    },
    { name: 'client', bytes: 'RFB 003.003\n', is: 'certain' },
    {
      name: 'macOS',
      bytes: 'RFB 003.889\n',
      fromServer: true,
      is: 'certain',
      facts: ['version = 3.889'],
    },
    { name: 'no number', bytes: 'RFB 003,008\n', is: 'no' },
    { name: 'longer line', bytes: 'RFB 003.0081\n', is: 'no' },
  ]);
});
