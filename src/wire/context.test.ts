import { describe, expect, it } from 'vitest';
import { ContextPool, TUNNEL_GENEVE, TUNNEL_VXLAN } from './context.ts';

describe('contexts', () => {
  it('have index 0 where there is neither VLAN nor tunnel', () => {
    const pool = new ContextPool();
    expect(pool.intern(0, 0, 0, 0, 0)).toBe(0);
    expect(pool.list).toEqual([{ vlan: 0, innerVlan: 0, tunnel: 'none', tunnelId: 0, depth: 0 }]);
  });

  it('have an index each, and keep it', () => {
    const pool = new ContextPool();
    const keys: [number, number, number, number, number][] = [
      [1, 0, 0, 0, 0],
      [4095, 0, 0, 0, 0],
      [1, 2, 0, 0, 0],
      [0, 1, 0, 0, 0],
      [0, 0, TUNNEL_VXLAN, 0, 1],
      [0, 0, TUNNEL_VXLAN, 1, 1],
      [0, 0, TUNNEL_GENEVE, 1, 1],
      [0, 0, TUNNEL_VXLAN, 1, 2],
      [5, 0, TUNNEL_VXLAN, 1, 8],
      [5, 6, TUNNEL_VXLAN, 0xffffff, 8],
    ];
    const first = keys.map((key) => pool.intern(...key));
    expect(new Set(first).size).toBe(keys.length);
    expect(keys.map((key) => pool.intern(...key))).toEqual(first);
    expect(pool.list.length).toBe(1 + keys.length);
    expect(pool.list[first[9]!]).toEqual({
      vlan: 5,
      innerVlan: 6,
      tunnel: 'vxlan',
      tunnelId: 0xffffff,
      depth: 8,
    });
  });

  it('stay apart when very many are met in turn', () => {
    const pool = new ContextPool();
    const indices = (round: number) =>
      Array.from({ length: 5000 }, (_, id) => pool.intern(round, 0, TUNNEL_VXLAN, id, 1));
    const first = indices(1);
    expect(new Set(first).size).toBe(5000);
    expect(indices(1)).toEqual(first);
  });

  it('share the last index when there are too many, and count who does', () => {
    const pool = new ContextPool();
    for (let id = 0; id < 70_000; id++) pool.intern(0, 0, TUNNEL_VXLAN, id, 1);
    expect(pool.list.length).toBe(65_536);
    expect(pool.overflowed).toBe(70_000 - 65_535);
    expect(pool.intern(0, 0, TUNNEL_VXLAN, 69_999, 1)).toBe(65_535);
    expect(pool.overflowed).toBe(70_000 - 65_535 + 1);
    expect(pool.intern(0, 0, TUNNEL_VXLAN, 3, 1)).toBe(4);
    expect(pool.intern(9, 0, 0, 0, 0)).toBe(65_535);
  });
});
