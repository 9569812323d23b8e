import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readServicesFile } from '../sources/names/services-file.ts';
import { FrameBatch } from '../wire/frame-batch.ts';
import { netmaskOf, prepareFilter } from './filters.ts';

async function bytecode(text: string): Promise<unknown> {
  return (await prepareFilter(text, 0)).bytecode(1, 65_535);
}

describe.skipIf(!existsSync('/etc/services'))('names of ports', () => {
  const system = readServicesFile();
  const others = (transport: string): string[] =>
    ['tcp', 'udp', 'sctp'].filter((each) => each !== transport);
  const onlyFor = (transport: string): string | undefined =>
    [...system.keys()]
      .filter((key) => key.endsWith(`/${transport}`))
      .map((key) => key.slice(0, -transport.length - 1))
      .find((name) => others(transport).every((each) => !system.has(`${name}/${each}`)));

  it.each([
    ['tcp', 'udp'],
    ['udp', 'tcp'],
  ])('that the system has for %s alone mean no other transport', async (has, hasNot) => {
    const name = onlyFor(has);
    expect(name).toBeDefined();
    const port = system.get(`${name}/${has}`);
    expect(await bytecode(`port ${name}`)).toEqual(await bytecode(`${has} port ${port}`));
    await expect(bytecode(`${hasNot} port ${name}`)).rejects.toThrow(`a service of ${has}`);
  });

  it('that it has for both mean both', async () => {
    expect(system.get('domain/tcp')).toBe(system.get('domain/udp'));
    expect(await bytecode('port domain')).toEqual(await bytecode('port 53'));
  });
});

describe('ip broadcast', () => {
  it.each([
    ['of a network', 0xffffff00, 'ip and (ip[16:4] & 0xff = 0 or ip[16:4] & 0xff = 0xff)', 0],
    ['of a file', 0, 'ip and (ip[16:4] = 0 or ip[16:4] = 0xffffffff)', 1],
  ])('%s', async (_, netmask, same, notes) => {
    const filter = await prepareFilter('ip broadcast', netmask);
    const other = await prepareFilter(same, 0);
    const frame = new Uint8Array(60);
    const batch = new FrameBatch();
    batch.reset(frame, new DataView(frame.buffer));
    frame.set([8, 0, 0x45], 12);
    batch.captured[0] = frame.length;
    for (const last of [0, 1, 254, 255]) {
      for (const rest of [0, 10, 255]) {
        frame.set([rest, rest, rest, last], 30);
        const [answer, expected] = [filter, other].map((each) =>
          each.forLinkType(1).test(batch, 0),
        );
        expect(answer, `${rest} ${last}`).toBe(expected);
      }
    }
    expect(filter.parsed.notes).toHaveLength(notes);
  });

  it('is refused for interfaces of several networks', async () => {
    const filter = await prepareFilter('not ip broadcast', undefined);
    expect(() => filter.forLinkType(1)).toThrow('netmask');
  });

  it.runIf(process.platform === 'linux')(
    'knows the netmask of loopback, and none of what is not there',
    () => {
      expect(netmaskOf(['lo'])).toBe(0xff000000);
      expect(netmaskOf(['nosuch0'])).toBe(0);
      expect(netmaskOf(['lo', 'nosuch0'])).toBeUndefined();
    },
  );
});
