import { describe } from 'vitest';
import { join, u8, u32, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { SSH } from './ssh.ts';

const METHODS = 'curve25519-sha256,ecdh-sha2-nistp256,diffie-hellman-group14-sha256';
const keyExchange = (first: string, size = 200): Uint8Array =>
  join(u32(size), u8(10, 20), zeros(16), u32(first.length), first, u32(0));

describe('ssh', () => {
  testDetector(SSH, [
    {
      name: 'version of a server',
      bytes: 'SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7\r\n',
      sport: 443,
      fromServer: true,
      is: 'certain',
      facts: ['version = 2.0', 'product = OpenSSH_9.2p1 Debian-2+deb12u7'],
    },
    { name: 'version of a client', bytes: 'SSH-2.0-PuTTY_Release_0.78\r\n', is: 'certain' },
    {
      name: 'both versions, as servers before 2006 said',
      bytes: 'SSH-1.99-Cisco-1.25\n',
      fromServer: true,
      is: 'certain',
      facts: ['version = 1.99', 'product = Cisco-1.25'],
    },
    {
      name: 'lines before the version, on its port',
      bytes: 'Authorized use only.\r\n\r\nSSH-2.0-dropbear_2022.83\r\n',
      sport: 22,
      fromServer: true,
      is: 'certain',
      facts: ['version = 2.0', 'product = dropbear_2022.83'],
    },
    { name: 'lines before it elsewhere', bytes: 'Welcome\r\nSSH-2.0-x\r\n', is: 'no' },
    { name: 'key exchange', bytes: keyExchange(METHODS), is: 'certain' },
    { name: 'key exchange of other names', bytes: keyExchange('\0\0\0\0\0\0\0\0\0'), is: 'no' },
    { name: 'key exchange that is too long', bytes: keyExchange(METHODS, 70_000), is: 'no' },
    { name: 'another word', bytes: 'SSHD-2.0-x\r\n', is: 'no' },
    { name: 'version without a number', bytes: 'SSH-two-OpenSSH\r\n', is: 'no' },
  ]);
});
