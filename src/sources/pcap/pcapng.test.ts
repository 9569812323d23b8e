import { describe, expect, it } from 'vitest';
import {
  block,
  concat,
  enhancedPacket,
  frameOf,
  interfaceBlock,
  obsoletePacket,
  option,
  sectionHeader,
  simplePacket,
  statisticsBlock,
  u16,
  u32,
  u64,
} from '../../../test/builders/capture.ts';
import { readBytes } from '../../../test/builders/read-capture.ts';

const SECONDS = 1_700_000_000;
const MICROSECONDS = BigInt(SECONDS) * 1_000_000n;
const JOURNAL = new TextEncoder().encode('__REALTIME_TIMESTAMP=1700000000000000\nMESSAGE=hello\n');

describe.each([{ big: false }, { big: true }])('pcapng, big-endian: $big', (order) => {
  const section = sectionHeader(order);
  const ethernet = interfaceBlock(order);

  it('reads enhanced, simple and obsolete packet blocks', async () => {
    const bytes = concat(
      section,
      ethernet,
      enhancedPacket(frameOf(61), { ...order, time: MICROSECONDS + 5n, original: 99 }),
      simplePacket(frameOf(62), order),
      obsoletePacket(frameOf(63), { ...order, time: MICROSECONDS + 7n, drops: 3 }),
      enhancedPacket(frameOf(0), order),
    );
    const { frames, reader } = await readBytes(bytes);
    expect(reader.faults).toEqual([]);
    const at = (nanoseconds: number) => ({ seconds: SECONDS, nanoseconds, interface: 0 });
    expect(frames).toEqual([
      { ...at(5000), number: 1, original: 99, octets: frameOf(61) },
      // A simple packet has no time: it is given that of the frame before.
      { ...at(5000), number: 2, original: 62, octets: frameOf(62) },
      { ...at(7000), number: 3, original: 63, octets: frameOf(63) },
      { ...at(0), number: 4, original: 0, octets: frameOf(0) },
    ]);
    expect(reader.drops).toEqual([{ interface: 0, lostBetweenFrames: 3 }]);
  });

  it('reads what an interface says of itself', async () => {
    const described = {
      linkType: 113,
      snapLength: 96,
      name: 'eth0',
      description: 'up\u00adlink\u001b[1m',
      filter: 'tcp port 80',
      fcsLength: 4,
    };
    const bytes = concat(
      section,
      interfaceBlock({ ...order, ...described, resolution: 9, offsetSeconds: -3600n }),
      interfaceBlock({ ...order, fcsLength: 32, resolution: 0x80 + 20 }),
      enhancedPacket(frameOf(60), { ...order, time: BigInt(SECONDS) * 1_000_000_000n + 1n }),
      enhancedPacket(frameOf(60), { ...order, interface: 1, time: 3n << 19n }),
    );
    const { frames, reader } = await readBytes(bytes);
    expect(reader.faults).toEqual([]);
    expect(reader.interfaces).toEqual([
      { source: '-', ...described },
      { source: '-', linkType: 1, snapLength: 0, fcsLength: 4 },
    ]);
    expect(frames[0]).toMatchObject({ seconds: SECONDS - 3600, nanoseconds: 1, interface: 0 });
    expect(frames[1]).toMatchObject({ seconds: 1, nanoseconds: 500_000_000, interface: 1 });
  });

  it('keeps the drop counters of each interface', async () => {
    const counters = { received: 100n, dropped: 4n, acceptedByFilter: 80n };
    const system = { droppedBySystem: 2n ** 40n, delivered: 0n };
    const bytes = concat(
      section,
      ethernet,
      ethernet,
      statisticsBlock({ ...order, interface: 1, received: 1n, dropped: 1n }),
      enhancedPacket(frameOf(60), { ...order, options: [option(order, 4, u64(order, 7n))] }),
      enhancedPacket(frameOf(60), { ...order, options: [option(order, 2, u32(order, 1))] }),
      enhancedPacket(frameOf(60), {
        ...order,
        options: [option(order, 1, 'a remark'), option(order, 4, u64(order, (1n << 32n) + 1n))],
      }),
      statisticsBlock({ ...order, interface: 1, ...counters, ...system }),
    );
    const { reader } = await readBytes(bytes);
    expect(reader.faults).toEqual([]);
    expect(reader.drops).toEqual([
      {
        interface: 1,
        received: 100,
        dropped: 4,
        acceptedByFilter: 80,
        droppedBySystem: 2 ** 40,
        delivered: 0,
      },
      { interface: 0, lostBetweenFrames: 7 + 2 ** 32 + 1 },
    ]);
  });

  it('passes over blocks without frames, counts them, and numbers frames as Wireshark does', async () => {
    const frame = enhancedPacket(frameOf(60), order);
    const large = new Uint8Array(200_000);
    const bytes = concat(
      section,
      block(0x0bad, u32(order, 32473, 1), order), // 1
      ethernet,
      frame, // 2
      block(4, u32(order, 0), order),
      block(10, u32(order, 0x544c534b, 0), order),
      block(9, JOURNAL, order), // 3
      frame, // 4
      block(0x40000bad, large, order), // 5
      block(0x77777777, large, order),
      block(4, new Uint8Array(0), order),
      frame, // 6
    );
    const { frames, reader } = await readBytes(bytes, { chunkOctets: 4096 });
    expect(reader.faults).toEqual([]);
    expect(frames.map(({ number }) => number)).toEqual([2, 4, 6]);
    expect(reader.frames).toBe(3);
    expect(Object.fromEntries(reader.passedOver)).toEqual({
      'custom block': 2,
      'name resolution block': 2,
      'decryption secrets block': 1,
      'systemd journal entry': 1,
      'block of unknown type': 1,
    });
  });

  it('begins anew in each section, whose byte order may differ', async () => {
    const other = { big: !order.big };
    const bytes = concat(
      section,
      interfaceBlock({ ...order, name: 'a' }),
      enhancedPacket(frameOf(60), order),
      sectionHeader({ ...other, minor: 2, options: [option(other, 4, 'a tool')] }),
      interfaceBlock({ ...other, name: 'b', linkType: 101 }),
      interfaceBlock({ ...other, name: 'c', resolution: 0 }),
      enhancedPacket(frameOf(61), { ...other, interface: 1, time: 9n }),
    );
    const { frames, reader } = await readBytes(bytes);
    expect(reader.faults).toEqual([]);
    expect(reader.interfaces.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(frames.map((frame) => frame.interface)).toEqual([0, 2]);
    expect(frames[1]).toMatchObject({ seconds: 9, nanoseconds: 0, number: 2 });
  });

  it('cuts a simple packet at the snap length', async () => {
    const bytes = concat(
      section,
      interfaceBlock({ ...order, snapLength: 30 }),
      simplePacket(frameOf(60).subarray(0, 30), { ...order, original: 60 }),
      simplePacket(frameOf(32), { ...order, original: 60 }),
    );
    const { frames } = await readBytes(bytes);
    expect(frames.map(({ octets, original }) => [octets.length, original])).toEqual([
      [30, 60],
      [30, 60],
    ]);
  });

  it('accepts a total length without its padding, as some write it', async () => {
    const odd = { ...order, front: 93, behind: 93 };
    const bytes = concat(
      section,
      ethernet,
      enhancedPacket(frameOf(61), odd),
      enhancedPacket(frameOf(60), order),
    );
    const { frames, reader } = await readBytes(bytes);
    expect(reader.faults).toEqual([]);
    expect(frames.map(({ octets }) => octets.length)).toEqual([61, 60]);
  });

  const frame = enhancedPacket(frameOf(60), order);
  const text = 'x'.repeat(20);
  it.each<[string, Uint8Array, string, number, boolean]>([
    [
      'a later section of version 2',
      sectionHeader({ ...order, major: 2 }),
      'unsupported-version',
      1,
      true,
    ],
    [
      'a section of version 1.1',
      sectionHeader({ ...order, minor: 1 }),
      'unsupported-version',
      1,
      true,
    ],
    [
      'a length too small',
      block(6, frameOf(40), { ...order, front: 8 }),
      'bad-block-length',
      1,
      true,
    ],
    [
      'a length of zero',
      block(6, frameOf(40), { ...order, front: 0 }),
      'bad-block-length',
      1,
      true,
    ],
    [
      'lengths that differ',
      enhancedPacket(frameOf(60), { ...order, behind: 96 }),
      'bad-block-length',
      1,
      true,
    ],
    [
      'lengths that differ in a block passed over',
      block(0x7777, new Uint8Array(100_000), { ...order, behind: 4 }),
      'bad-block-length',
      1,
      true,
    ],
    [
      'no byte-order mark',
      concat(u32(order, 0x0a0d0d0a, 28), new Uint8Array(20)),
      'bad-byte-order',
      1,
      true,
    ],
    [
      'an interface that is not described',
      enhancedPacket(frameOf(60), { ...order, interface: 1 }),
      'unknown-interface',
      2,
      false,
    ],
    [
      'interface 0xffffffff',
      enhancedPacket(frameOf(60), { ...order, interface: 0xffffffff }),
      'unknown-interface',
      2,
      false,
    ],
    [
      'statistics of no interface',
      statisticsBlock({ ...order, interface: 9 }),
      'unknown-interface',
      2,
      false,
    ],
    [
      'a frame longer than its block',
      enhancedPacket(frameOf(60), { ...order, captured: 61 }),
      'bad-block',
      2,
      false,
    ],
    [
      'a frame of 4 GiB',
      enhancedPacket(frameOf(60), { ...order, captured: 0xffffffff }),
      'bad-block',
      2,
      false,
    ],
    [
      'an obsolete frame longer than its block',
      obsoletePacket(frameOf(60), { ...order, captured: 64 }),
      'bad-block',
      2,
      false,
    ],
    [
      'a packet block without room for its header',
      block(6, new Uint8Array(16), order),
      'bad-block',
      2,
      false,
    ],
    [
      'a simple packet block without a length',
      block(3, new Uint8Array(0), order),
      'bad-block',
      2,
      false,
    ],
    ['an obsolete block too short', block(2, new Uint8Array(16), order), 'bad-block', 2, false],
    ['an interface block too short', block(1, new Uint8Array(4), order), 'bad-block', 2, false],
    ['a statistics block too short', block(5, new Uint8Array(8), order), 'bad-block', 2, false],
    [
      'an option beyond its interface',
      interfaceBlock({ ...order, options: [concat(u16(order, 2, 9999))] }),
      'bad-option',
      2,
      false,
    ],
    [
      'an option beyond its frame',
      enhancedPacket(frameOf(60), {
        ...order,
        options: [concat(u16(order, 1, 0xffff), frameOf(4))],
      }),
      'bad-option',
      3,
      false,
    ],
    [
      'an option beyond its statistics',
      block(5, concat(u32(order, 0, 0, 0), u16(order, 4, 80)), order),
      'bad-option',
      2,
      false,
    ],
    [
      'a frame larger than accepted',
      enhancedPacket(frameOf(300_000), order),
      'bad-block',
      2,
      false,
    ],
    [
      'a block far larger than accepted',
      enhancedPacket(frameOf(500_000), order),
      'record-too-large',
      2,
      false,
    ],
    [
      'a section header far too large',
      sectionHeader({ ...order, options: Array(30).fill(option(order, 1, text.repeat(800))) }),
      'record-too-large',
      1,
      true,
    ],
    [
      'a block that claims 4 GiB',
      block(6, frameOf(60), { ...order, front: 0xfffffffc }),
      'record-too-large',
      1,
      false,
    ],
  ])('%s', async (_, damage, code, kept, ends) => {
    const bytes = concat(section, ethernet, frame, damage, frame);
    const { frames, reader } = await readBytes(bytes);
    expect(frames).toHaveLength(kept);
    expect(reader.faults[0]).toMatchObject({ code, layer: 'pcapng', ends, record: 4 });
    const at = section.length + ethernet.length + frame.length;
    const { offset } = reader.faults[0]!;
    if (code === 'bad-option') expect(offset).toBeGreaterThan(at);
    else if (!_.includes('passed over')) expect(offset).toBe(at);
  });
});

it('says when the octets that a huge block claims are not there', async () => {
  const damage = block(6, frameOf(60), { front: 0xfffffffc });
  const { reader } = await readBytes(concat(sectionHeader(), interfaceBlock(), damage));
  expect(reader.faults.map(({ code, ends }) => [code, ends])).toEqual([
    ['record-too-large', false],
    ['truncated-record', true],
  ]);
});

it('numbers interfaces up to 65,535 and reports the next, once', async () => {
  const one = interfaceBlock();
  const frame = (id: number) => enhancedPacket(frameOf(60), { interface: id });
  const many = Array<Uint8Array>(65_537).fill(one);
  const bytes = concat(
    sectionHeader(),
    ...many,
    frame(65_534),
    frame(65_535),
    frame(65_536),
    frame(0),
  );
  const { frames, reader } = await readBytes(bytes);
  expect(reader.interfaces).toHaveLength(65_535);
  expect(frames.map((each) => each.interface)).toEqual([65_534, 0]);
  expect(reader.faults.map(({ code, record }) => [code, record])).toEqual([
    ['too-many-interfaces', 65_537],
  ]);
  expect(reader.passedOver.get('frame of an interface without room')).toBe(2);
});
