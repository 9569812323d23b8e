/** Every platform there is, by the name for `--for`. A new platform is one more line here. */
import { iptables } from './iptables.ts';
import { nftables } from './nftables.ts';
import type { Platform } from './platform.ts';

export const PLATFORMS: readonly Platform[] = [nftables, iptables];

/** The platform of that name or alias. */
export function platformNamed(name: string): Platform | undefined {
  const wanted = name.toLowerCase();
  return PLATFORMS.find(
    (platform) => platform.name === wanted || (platform.aliases ?? []).includes(wanted),
  );
}
