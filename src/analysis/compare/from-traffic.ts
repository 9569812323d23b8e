/** Services that captures prove, as the comparison wants them. */
import type { SeenService } from '../../model/comparison.ts';
import type { ServiceUse } from '../../model/use.ts';

export function seenServices(services: readonly ServiceUse[]): SeenService[] {
  return services.flatMap(({ transport, server, port, clients, lastMs, locator }) => {
    if (transport !== 'tcp' && transport !== 'udp' && transport !== 'sctp') return [];
    const evidence = { source: 'pcap', seenMs: lastMs, locator };
    return [{ address: server, transport, port, clients, evidence }];
  });
}
