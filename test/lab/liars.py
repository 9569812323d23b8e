"""Plays hosts that lie, on the Ethernet device `eth0` of the namespace it runs in, below the kernel:
liars.py FIRST-THREE-OCTETS FIRST-FIFTEEN-OCTETS-OF-IPV6. The last octet of an address says how that
host behaves (`HOSTS`); ARP requests for all others are answered when their last octet is 100 or more,
and neighbour solicitations for some in ways that nobody should believe (`NEIGHBOURS`)."""
import heapq
import random
import socket
import struct
import sys
import time

NET = socket.inet_aton(sys.argv[1] + ".0")[:3]
NET6 = socket.inet_pton(socket.AF_INET6, sys.argv[2])[:15]
MAC = bytes([2, 0, 0, 0, 0, 0x66])
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
wire.bind(("eth0", 0))
# SO_RCVBUFFORCE and PACKET_IGNORE_OUTGOING: else the answers of a host that sends a hundred fill the
# queue in which questions wait, and a busy machine's hosts are silent in place of lying.
wire.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)
wire.setsockopt(263, 23, 1)
later = []


def checksum(data):
    data += b"\0" * (len(data) & 1)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip(source, target, protocol, payload, options=b"", fragment=0):
    def header(total):
        size = 20 + len(options)
        first = struct.pack("!BBHHH", 0x40 | size // 4, 0, size + len(payload), 7, fragment)
        return first + struct.pack("!BBH4s4s", 64, protocol, total, source, target) + options

    return header(checksum(header(0))) + payload


def ip6(source, target, protocol, payload, extension=b"", hops=64):
    """`extension`: content of a destination options header, of 6 + 8n octets."""
    if extension:
        payload = bytes([protocol, (len(extension) + 2) // 8 - 1]) + extension + payload
        protocol = 60
    return struct.pack("!IHBB", 6 << 28, len(payload), protocol, hops) + source + target + payload


class Probe:
    """A question to one of the hosts, with ways to answer it."""

    kind, header = b"\x08\x00", 20

    def __init__(self, frame):
        self.peer, self.packet = frame[6:12], frame[14:]
        self.source, self.target = self.packet[12:16], self.packet[16:20]
        self.protocol = self.packet[9]
        self.segment = self.packet[(self.packet[0] & 15) * 4 :]
        self.own, self.port, self.sequence = struct.unpack("!HHI", self.segment[:8])

    def send(self, packet, after=0.0, times=1):
        frame = self.peer + MAC + self.kind + packet
        if after:
            heapq.heappush(later, (time.monotonic() + after, frame))
            return
        for _ in range(times):
            emit(frame)

    def tcp(self, flags, acknowledge, origin=None, options=b"", port=None, window=1024):
        """A segment to the port that asked; `flags` as in RFC 9293."""
        origin = origin or self.target
        port = self.port if port is None else port
        head = struct.pack("!HHIIBBHHH", port, self.own, 99, acknowledge & 0xFFFFFFFF, 80, flags, window, 0, 0)
        pseudo = origin + self.source + struct.pack("!HH", 6, len(head))
        head = head[:16] + struct.pack("!H", checksum(pseudo + head)) + head[18:]
        return ip(origin, self.source, 6, head, options)

    def udp(self, payload, origin=None, port=None):
        port = self.port if port is None else port
        return ip(origin or self.target, self.source, 17, struct.pack("!HHHH", port, self.own, 8 + len(payload), 0) + payload)

    def icmp(self, kind, code, quoted, spoil=0):
        body = struct.pack("!BBHI", kind, code, 0, 0) + quoted
        total = checksum(body) ^ spoil
        return ip(self.target, self.source, 1, body[:2] + struct.pack("!H", total) + body[4:])

    def quote(self, length=8, target=None, port=None):
        """The question's own IP header and its first octets, perhaps not quite as it was."""
        target = target or self.target
        port = self.port if port is None else port
        segment = struct.pack("!HH", self.own, port) + self.segment[4:]
        return self.packet[:16] + target + segment[:length]


class Probe6(Probe):
    """The same over IPv6. ICMP errors are given in the words of IPv4."""

    kind, header = b"\x86\xdd", 40
    ERRORS = {(3, 1): (1, 3), (3, 3): (1, 4), (3, 4): (2, 0), (3, 13): (1, 1), (5, 1): (137, 0)}

    def __init__(self, frame):
        self.peer, self.packet = frame[6:12], frame[14:]
        self.source, self.target = self.packet[8:24], self.packet[24:40]
        self.protocol = self.packet[6]
        self.segment = self.packet[40:]
        self.own, self.port, self.sequence = struct.unpack("!HHI", self.segment[:8])

    def tcp(self, flags, acknowledge, origin=None, options=b"", port=None, window=1024):
        origin = origin or self.target
        port = self.port if port is None else port
        head = struct.pack("!HHIIBBHHH", port, self.own, 99, acknowledge & 0xFFFFFFFF, 80, flags, window, 0, 0)
        pseudo = origin + self.source + struct.pack("!II", len(head), 6)
        head = head[:16] + struct.pack("!H", checksum(pseudo + head)) + head[18:]
        # Padding of two octets, and as many of one.
        return ip6(origin, self.source, 6, head, b"\1\4" + bytes(4) + options if options else b"")

    def udp(self, payload, origin=None, port=None):
        port = self.port if port is None else port
        head = struct.pack("!HHHH", port, self.own, 8 + len(payload), 0)
        pseudo = (origin or self.target) + self.source + struct.pack("!II", len(head + payload), 17)
        total = checksum(pseudo + head + payload) or 0xFFFF
        return ip6(origin or self.target, self.source, 17, head[:6] + struct.pack("!H", total) + payload)

    def icmp(self, kind, code, quoted, spoil=0):
        kind, code = self.ERRORS[kind, code]
        return icmp6(self.target, self.source, struct.pack("!BBHI", kind, code, 0, 0) + quoted, spoil=spoil)

    def quote(self, length=8, target=None, port=None):
        target = target or self.target
        port = self.port if port is None else port
        segment = struct.pack("!HH", self.own, port) + self.segment[4:]
        return self.packet[:24] + target + segment[:length]


def icmp6(source, target, body, hops=64, spoil=0):
    total = checksum(source + target + struct.pack("!II", len(body), 58) + body) ^ spoil
    return ip6(source, target, 58, body[:2] + struct.pack("!H", total) + body[4:], hops=hops)


def emit(frame):
    try:
        wire.send(frame)
    except OSError:
        pass  # The device's queue is full.


SYN_ACK, RST_ACK, RST = 0x12, 0x14, 0x04


def neighbour(address):
    return address[:-1] + bytes([address[-1] ^ 1])


def wrong_acknowledgement(probe):
    for shift in (0, 2, -1, 1 << 31, random.randrange(3, 1 << 32)):
        probe.send(probe.tcp(SYN_ACK, probe.sequence + shift))
        probe.send(probe.tcp(RST_ACK, probe.sequence + shift))
    probe.send(probe.tcp(RST, 0))
    probe.send(probe.tcp(0x02, probe.sequence + 1))
    probe.send(probe.tcp(0x10, probe.sequence + 1))


def another_host(probe):
    probe.send(probe.tcp(SYN_ACK, probe.sequence + 1, neighbour(probe.target)))
    probe.send(probe.tcp(SYN_ACK, probe.sequence + 1, port=probe.port + 1))


def reset_flood(probe):
    probe.send(probe.tcp(RST, probe.sequence + 1), times=60)
    probe.send(probe.tcp(RST_ACK, probe.sequence + 1), times=20)


def other_quotes(probe):
    """Unreachable, but about questions that nobody asked, or hardly about any."""
    probe.send(probe.icmp(3, 3, probe.quote(port=probe.port + 1)))
    probe.send(probe.icmp(3, 1, probe.quote(target=neighbour(probe.target))))
    probe.send(probe.icmp(3, 13, probe.quote(4)))
    probe.send(probe.icmp(3, 13, probe.quote(0)))
    probe.send(probe.icmp(3, 13, probe.packet[:11]))
    probe.send(probe.icmp(3, 13, b""))
    if probe.header == 20:
        probe.send(probe.icmp(3, 13, b"\x4f" + probe.quote()[1:]))
    probe.send(probe.icmp(3, 4, probe.quote()))
    probe.send(probe.icmp(5, 1, probe.quote()))


def spoiled(probe):
    """Right but for the checksum: damaged on the way."""
    probe.send(probe.icmp(3, 13, probe.quote(), spoil=0x0101))
    if probe.protocol == 6:
        packet = bytearray(probe.tcp(SYN_ACK, probe.sequence + 1))
        packet[probe.header + 16] ^= 0x55
        probe.send(bytes(packet))


def prohibited_storm(probe):
    probe.send(probe.icmp(3, 13, probe.quote()), times=100)


def contradicting(probe):
    probe.send(probe.tcp(RST_ACK, probe.sequence + 1))
    probe.send(probe.tcp(SYN_ACK, probe.sequence + 1))
    probe.send(probe.icmp(3, 13, probe.quote()))


def short(probe):
    whole = probe.tcp(SYN_ACK, probe.sequence + 1)
    segment = whole[probe.header :]
    for length in (0, 4, 8, 12, 19):
        wrap = ip if probe.header == 20 else ip6
        probe.send(wrap(probe.target, probe.source, 6, segment[:length]))
    if probe.header == 20:
        probe.send(ip(probe.target, probe.source, 6, segment, fragment=1))
        emit(probe.peer + MAC + b"\x08\x00\x4f" + whole[1:])
    else:
        # A later fragment; options longer than the packet; headers without an end.
        for protocol, head in ((44, b"\6\0\0\x08\0\0\0\7"), (60, b"\6\xff" + bytes(6)), (60, (b"\x3c\0\1\4" + bytes(4)) * 20)):
            probe.send(ip6(probe.target, probe.source, protocol, head + segment))
    emit(probe.peer + MAC + probe.kind + whole[: probe.header + 10])


def with_options(probe):
    """An open port, behind as many IP options as fit, once whole and twice more."""
    for _ in range(3):
        probe.send(probe.tcp(SYN_ACK, probe.sequence + 1, options=b"\x01" * 40, window=0))


def late(probe):
    # On a busy machine the host itself is asked for many seconds.
    probe.send(probe.tcp(SYN_ACK, probe.sequence + 1), after=15)


def datagram(answer):
    def behave(probe):
        if probe.protocol == 17:
            answer(probe)

    return behave


def many_datagrams(probe):
    probe.send(probe.udp(b"again"), times=50)


def huge_datagram(probe):
    """65,507 octets in fragments, and one whose length claims more than there is."""
    payload = struct.pack("!HHHH", probe.port, probe.own, 65515, 0) + bytes(65507)
    for at in range(0, len(payload), 1480):
        piece = payload[at : at + 1480]
        more = 0x2000 if at + 1480 < len(payload) else 0
        probe.send(ip(probe.target, probe.source, 17, piece, fragment=more | at // 8))


HOSTS = {
    10: wrong_acknowledgement,
    12: another_host,
    14: reset_flood,
    16: other_quotes,
    18: spoiled,
    20: prohibited_storm,
    22: contradicting,
    24: short,
    26: with_options,
    28: late,
    40: datagram(lambda probe: probe.send(probe.udp(b""))),
    42: datagram(lambda probe: probe.send(probe.udp(b"x", origin=neighbour(probe.target)))),
    44: datagram(lambda probe: probe.send(probe.udp(b"x", port=probe.port + 1000))),
    46: datagram(many_datagrams),
    48: datagram(huge_datagram),
    50: datagram(lambda probe: probe.send(probe.icmp(3, 3, probe.quote()))),
}
QUIET = {address ^ 1 for address in HOSTS}


def advertise(frame, hops=255, spoil=0, kind=136, code=0, times=1):
    asked = frame[62:78]
    body = struct.pack("!BBHI", kind, code, 0, 0x60000000) + asked + b"\2\1" + MAC
    reply = frame[6:12] + MAC + b"\x86\xdd" + icmp6(asked, frame[22:38], body, hops, spoil)
    for _ in range(times):
        emit(reply)


# What is answered, instead of the truth, to who asks for a neighbour.
NEIGHBOURS = {
    60: lambda frame: advertise(frame, hops=254),
    62: lambda frame: advertise(frame, spoil=1),
    64: lambda frame: advertise(frame, code=1),
    66: lambda frame: advertise(frame, kind=135),
    68: lambda frame: advertise(frame[:62] + b"\xff\x02" + frame[64:78]),
    70: lambda frame: advertise(frame, times=1000),
}


def solicited(frame):
    if len(frame) < 78 or frame[54] != 135 or frame[62:77] != NET6:
        return
    last = frame[77]
    if last in NEIGHBOURS:
        NEIGHBOURS[last](frame)
    elif last in HOSTS or last in QUIET:
        advertise(frame)


def arp(frame):
    asked = frame[38:42]
    if frame[20:22] != b"\0\1" or asked[:3] != NET or asked[3] < 10:
        return
    if asked[3] not in HOSTS and asked[3] not in QUIET and asked[3] < 100:
        return
    reply = frame[14:20] + b"\0\2" + MAC + asked + frame[22:28] + frame[28:32]
    emit(frame[6:12] + MAC + b"\x08\x06" + reply)


print("ready", flush=True)
while True:
    wire.settimeout(max(0.001, later[0][0] - time.monotonic()) if later else None)
    try:
        frame = wire.recv(65536)
    except (TimeoutError, socket.timeout):
        frame = b""
    while later and later[0][0] <= time.monotonic():
        emit(heapq.heappop(later)[1])
    if not frame:
        continue
    if frame[12:14] == b"\x08\x06":
        arp(frame)
        continue
    if frame[12:14] == b"\x86\xdd" and frame[20] == 58:
        solicited(frame)
        continue
    four = frame[12:14] == b"\x08\x00" and frame[23] in (6, 17) and frame[30:33] == NET
    six = frame[12:14] == b"\x86\xdd" and frame[20] in (6, 17) and frame[38:53] == NET6
    if four or six:
        probe = Probe(frame) if four else Probe6(frame)
        behave = HOSTS.get(probe.target[-1])
        if behave and (probe.protocol == 17 or probe.segment[13] == 0x02):
            behave(probe)
