"""Joins two network namespaces by a pair of TUN devices and passes on each packet after a delay, in
place of netem, which test machines lack: tun-relay.py NAMESPACE NAMESPACE MILLISECONDS. Says "ready"
when both devices (`tun0`) exist, and runs until it is stopped."""
import collections
import ctypes
import fcntl
import os
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN_NO_PI = 0x1001
CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def tun(namespace):
    there = os.open("/var/run/netns/" + namespace, os.O_RDONLY)
    if libc.setns(there, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")
    os.close(there)
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", b"tun0", IFF_TUN_NO_PI))
    return device


ends = [tun(name) for name in sys.argv[1:3]]
delay = float(sys.argv[3]) / 1000
under_way = collections.deque()
print("ready", flush=True)
while True:
    wait = None if not under_way else max(0, under_way[0][0] - time.monotonic())
    ready = select.select(ends, [], [], wait)[0]
    now = time.monotonic()
    for end in ready:
        other = ends[1] if end == ends[0] else ends[0]
        try:
            for _ in range(128):
                under_way.append((now + delay, other, os.read(end, 2048)))
        except OSError:
            pass  # Nothing more, or the device is down still.
    now = time.monotonic()
    while under_way and under_way[0][0] <= now:
        _, end, packet = under_way.popleft()
        try:
            os.write(end, packet)
        except OSError:
            pass  # No room there: lost on the way.
