/** Finds the host that an answer comes from by its address, without allocating. */
import type { HostScan } from './host-scan.ts';

/**
 * One host for each IPv4 address. Of IPv6 the interface counts too: a link-local address may be one
 * host on each link.
 */
export class HostIndex {
  private readonly v4 = new Map<number, HostScan>();
  private readonly v6 = new Map<number, HostScan[]>();

  add(host: HostScan): void {
    const { words } = host.address;
    if (words.length === 1) {
      this.v4.set(words[0]!, host);
      return;
    }
    const key = keyOf(words[0]!, words[1]!, words[2]!, words[3]!);
    const same = this.v6.get(key);
    if (same === undefined) this.v6.set(key, [host]);
    else same.push(host);
  }

  delete(host: HostScan): void {
    const { words } = host.address;
    if (words.length === 1) {
      this.v4.delete(words[0]!);
      return;
    }
    const key = keyOf(words[0]!, words[1]!, words[2]!, words[3]!);
    const left = this.v6.get(key)?.filter((each) => each !== host) ?? [];
    if (left.length === 0) this.v6.delete(key);
    else this.v6.set(key, left);
  }

  find4(word: number): HostScan | undefined {
    return this.v4.get(word);
  }

  /**
   * Words are unsigned. With a zone, hosts of another interface do not match; `scope` 0 is any:
   * from this machine itself.
   */
  find6(a: number, b: number, c: number, d: number, scope: number): HostScan | undefined {
    const same = this.v6.get(keyOf(a, b, c, d));
    if (same === undefined) return undefined;
    for (const host of same) {
      const { words } = host.address;
      if (words[0] !== a || words[1] !== b || words[2] !== c || words[3] !== d) continue;
      const own = (host.route as { scope?: number } | undefined)?.scope ?? 0;
      if (own === 0 || scope === 0 || own === scope) return host;
    }
    return undefined;
  }
}

function keyOf(a: number, b: number, c: number, d: number): number {
  let h = Math.imul(a, 0x85ebca6b) ^ Math.imul(b, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15) ^ c, 0x27d4eb2f) ^ Math.imul(d, 0x165667b1);
  return (h ^ (h >>> 13)) | 0;
}
