/**
 * Ports of devices that unexpected data can harm: printers print it, controllers stop. Nothing but
 * the bare question whether the port is open goes there unless somebody asks for more.
 */

/** First and last port, and what is there. */
type Fragile = readonly [first: number, last: number, what: string];

const FRAGILE: Readonly<Record<string, readonly Fragile[]>> = {
  tcp: [
    [102, 102, 'Siemens S7 and IEC 61850'],
    [502, 502, 'Modbus'],
    [515, 515, 'line printer'],
    [1089, 1091, 'Foundation Fieldbus'],
    [1911, 1911, 'Niagara Fox'],
    [1962, 1962, 'Phoenix Contact PCWorx'],
    [2404, 2404, 'IEC 60870-5-104'],
    [4000, 4000, 'Emerson ROC'],
    [4911, 4911, 'Niagara Fox'],
    [5006, 5007, 'Mitsubishi MELSEC'],
    [5094, 5094, 'HART-IP'],
    [9100, 9107, 'raw printing'],
    [9600, 9600, 'Omron FINS'],
    [11001, 11001, 'Metasys'],
    [18245, 18246, 'GE SRTP'],
    [20000, 20000, 'DNP3'],
    [20547, 20547, 'ProConOS'],
    [34962, 34964, 'PROFINET'],
    [44818, 44818, 'EtherNet/IP'],
    [47808, 47823, 'BACnet'],
    [55000, 55003, 'FL-net'],
  ],
  udp: [
    [502, 502, 'Modbus'],
    [1089, 1091, 'Foundation Fieldbus'],
    [2222, 2222, 'EtherNet/IP input and output'],
    [5006, 5007, 'Mitsubishi MELSEC'],
    [5094, 5094, 'HART-IP'],
    [9600, 9600, 'Omron FINS'],
    [17185, 17185, 'VxWorks debugger'],
    [18245, 18246, 'GE SRTP'],
    [20000, 20000, 'DNP3'],
    [34962, 34964, 'PROFINET'],
    [34980, 34980, 'EtherCAT'],
    [44818, 44818, 'EtherNet/IP'],
    [47808, 47823, 'BACnet'],
    [55000, 55003, 'FL-net'],
  ],
};

/** What is known to stand on the port and to be harmed by data; undefined: nothing. */
export function fragileService(transport: string, port: number): string | undefined {
  return FRAGILE[transport]?.find(([first, last]) => port >= first && port <= last)?.[2];
}
