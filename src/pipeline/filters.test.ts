import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readServicesFile } from '../sources/names/services-file.ts';
import { prepareFilter } from './filters.ts';

async function bytecode(text: string): Promise<unknown> {
  return (await prepareFilter(text)).bytecode(1, 65_535);
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
