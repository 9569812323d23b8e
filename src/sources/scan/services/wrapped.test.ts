/** Services on ports where nobody expects them, in TLS and without: who refuses quickly is asked on. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer as createPlain, type Socket } from 'node:net';
import { createServer as createSecure } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { u8 } from '../../../../test/builders/bytes.ts';
import { der, int, oid } from '../../../../test/builders/der.ts';
import { type Identity, identifyStream } from './identify.ts';
import { hex } from './octets.ts';

const text = (tag: number, value: string): Uint8Array => der(tag, new TextEncoder().encode(value));

/** A key and a certificate that it signed itself (RFC 5280 section 4.1). */
function selfSigned(): { key: string; cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const algorithm = der(0x30, oid('1.2.840.10045.4.3.2'));
  const name = der(0x30, der(0x31, der(0x30, oid('2.5.4.3'), text(0x0c, 'lab.test'))));
  const validity = der(0x30, text(0x17, '200101000000Z'), text(0x17, '491231235959Z'));
  const spki = Uint8Array.from(publicKey.export({ type: 'spki', format: 'der' }));
  const body = der(0x30, int(1), algorithm, name, validity, name, spki);
  const signature = Uint8Array.from(sign('sha256', body, privateKey));
  const whole = der(0x30, body, algorithm, der(3, u8(0), signature));
  const lines = Buffer.from(whole).toString('base64');
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  };
}

/** Answers with `answer` what begins with `question`, and hangs up on everything else. */
function only(question: string, answer: string): (socket: Socket) => void {
  return (socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (octets) => {
      if (octets.toString('hex').startsWith(question)) socket.end(hex(answer));
      else socket.destroy();
    });
  };
}

const MQTT = only('10', '20 02 00 00');
const CHALLENGES: readonly (readonly [name: string, behave: (socket: Socket) => void])[] = [
  ['mqtt', MQTT],
  ['ldap', only('30', '30 0c 02 01 01 65 07 0a 01 00 04 00 04 00')],
];

async function identified(secure: boolean, behave: (socket: Socket) => void): Promise<Identity> {
  const server = secure ? createSecure(selfSigned(), behave) : createPlain(behave);
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  try {
    const limits = { connectMs: 1000, totalMs: 700, octets: 4096 };
    return await identifyStream({ address: '127.0.0.1', port }, undefined, { limits });
  } finally {
    server.close();
  }
}

describe.concurrent('a service that hangs up on what it does not know', () => {
  it.each(CHALLENGES)('is %s inside of TLS on any port', async (name, behave) => {
    const identity = await identified(true, behave);
    expect(identity).toMatchObject({ tls: true, found: { name } });
    expect(identity.details).toContainEqual({ key: 'certificate-subject', value: 'lab.test' });
  });

  it('is known by the twenty-first question, too', async () => {
    expect(await identified(false, MQTT)).toMatchObject({ tls: false, found: { name: 'mqtt' } });
  });
});

it('asks its own question where a refusal is in the words of a service', async () => {
  // ClamAV's daemon, which names itself only to who asks for its version.
  const behave = (socket: Socket): void => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (octets) => {
      const asksVersion = octets.toString('latin1') === 'zVERSION\0';
      socket.end(asksVersion ? 'ClamAV 1.4.6\0' : 'UNKNOWN COMMAND\n');
    });
  };
  const { found } = await identified(false, behave);
  expect(found).toMatchObject({ name: 'clamd', version: '1.4.6' });
  const never = await identified(false, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', () => socket.end('UNKNOWN COMMAND\n'));
  });
  expect(never.found).toBeUndefined();
  expect(never.unrecognised).toBe('UNKNOWN COMMAND');
});
