"""Answers SCTP INIT chunks (RFC 9260) from raw sockets, on both families, in place of a kernel that
has no SCTP: sctp-answerer.py OPEN SILENT LIAR, lists of ports. Open ports acknowledge, silent ones
say nothing, liars answer without the tag they were given, all others abort. An INIT whose CRC-32C
is wrong gets no answer."""
import select
import socket
import struct
import sys

SCTP = 132
INIT, INIT_ACK, ABORT = 1, 2, 6
opened, silent, liars = ({int(port) for port in text.split(",") if port} for text in sys.argv[1:4])


def shifted(rest):
    for _ in range(8):
        rest = (rest >> 1) ^ (0x82F63B78 if rest & 1 else 0)
    return rest


TABLE = [shifted(octet) for octet in range(256)]


def crc32c(data):
    rest = 0xFFFFFFFF
    for octet in data:
        rest = (rest >> 8) ^ TABLE[(rest ^ octet) & 255]
    return rest ^ 0xFFFFFFFF


def packet(source, port, tag, chunk):
    def header(checksum):
        return struct.pack("!HHI", source, port, tag) + struct.pack("<I", checksum)

    return header(crc32c(header(0) + chunk)) + chunk


def answer(data):
    if len(data) < 32 or data[12] != INIT:
        return None
    source, port, tag = struct.unpack("!HHI", data[:8])
    (checksum,) = struct.unpack("<I", data[8:12])
    length, given = struct.unpack("!HI", data[14:20])
    if checksum != crc32c(data[:8] + bytes(4) + data[12:]) or tag != 0 or given == 0 or length != 20:
        return None
    if port in silent:
        return None
    if port in liars:
        return packet(port, source, given ^ 1, struct.pack("!BBHIIHHI", INIT_ACK, 0, 20, 7, 65536, 1, 1, 7))
    if port in opened:
        cookie = struct.pack("!HH", 7, 260) + bytes(256)
        chunk = struct.pack("!BBHIIHHI", INIT_ACK, 0, 20 + len(cookie), 7, 65536, 1, 1, 7) + cookie
        return packet(port, source, given, chunk)
    return packet(port, source, given, struct.pack("!BBH", ABORT, 0, 4))


sockets = [socket.socket(family, socket.SOCK_RAW, SCTP) for family in (socket.AF_INET, socket.AF_INET6)]
for each in sockets:
    each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
print("ready", flush=True)
while True:
    for ready in select.select(sockets, [], [])[0]:
        data, peer = ready.recvfrom(2048)
        if ready.family == socket.AF_INET:
            data = data[(data[0] & 15) * 4 :]
        reply = answer(data)
        if reply is not None:
            try:
                # Raw IPv6 sockets take the protocol for a port: 0 says nothing about it.
                ready.sendto(reply, (peer[0], 0, *peer[2:]))
            except OSError:
                pass  # A filter of this machine dropped it.
