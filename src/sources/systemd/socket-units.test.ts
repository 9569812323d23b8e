import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listensOn, socketUnits } from './socket-units.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'portreeve-units-'));
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  write('ssh.socket', '[Socket]\nListenStream=22\nListenStream=/run/x\n');
  write('c.socket', '[Socket]\nListenStream=80\nListenStream=81\n');
  for (const place of ['c.socket.d', 'run/c.socket.d'])
    mkdirSync(join(folder, place), { recursive: true });
  write('c.socket.d/b.conf', '[Socket]\nListenStream=8081\n');
  write('run/c.socket.d/a.conf', '[Socket]\nListenStream=\nListenStream=[::]:8082\n');
  write('run/c.socket.d/b.conf', '[Socket]\nListenStream=8083\n');
  write('run/c.socket.d/notes', '[Socket]\nListenStream=8084\n');
  write('b.socket', '[Socket]\nListenDatagram=[::]:69\n ListenStream = 127.0.0.1:8080 \n');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('socket units', () => {
  it('are found by what they listen on', () => {
    const unitOf = socketUnits([folder, join(folder, 'run'), join(folder, 'none')]);
    expect([unitOf('tcp', 22), unitOf('udp', 69), unitOf('tcp', 8080), unitOf('udp', 22)]).toEqual([
      'ssh.socket',
      'b.socket',
      'b.socket',
      undefined,
    ]);
  });

  it('are changed by drop-ins, in order of their names', () => {
    const unitOf = socketUnits([folder, join(folder, 'run')]);
    const ports = [80, 81, 8081, 8082, 8083, 8084].filter((port) => unitOf('tcp', port));
    expect(ports).toEqual([8081, 8082]);
    expect(unitOf('tcp', 8082)).toBe('c.socket');
  });

  it.each([
    ['ListenStream=22', ['tcp 22']],
    ['ListenStream=22\nListenStream=\nListenStream=2222', ['tcp 2222']],
    ['ListenStream=0.0.0.0:22\nListenDatagram=[::1]:53', ['tcp 22', 'udp 53']],
    ['ListenStream=/run/a.socket', []],
    ['ListenStream=@abstract', []],
    ['# ListenStream=22', []],
    ['ListenSequentialPacket=5060', ['sctp 5060']],
  ])('%j', (text, expected) => {
    expect(listensOn(text)).toEqual(expected);
  });
});
