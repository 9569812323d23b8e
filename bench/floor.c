/* floor STEPS FILE: the least that a native program does to learn the flows of a pcap file (Ethernet, little-
 * endian, microseconds). A yardstick for bench/floor.mjs, not a reader: it trusts every length in the
 * file, listens to no payload, follows no connection, expires nothing and reports nothing.
 * Steps: 1 copies the file from the page cache, 2 walks its records, 3 reads addresses and ports and
 * hashes them, 4 finds the flow and counts, 5 looks for copies and marks the conversation as heard. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK (256 << 10)
#define LONGEST (256 << 10)
#define SLOTS (1 << 21)
#define FLOWS 1500000

struct key {
  uint32_t addresses[8], ports, kind;
};
struct flow {
  struct key key;
  uint32_t hash, shortest, longest, flags, sequence[2], acknowledgment[2];
  uint64_t packets[2], octets[2], first, last;
};

static struct flow *flows;
static uint32_t slots[SLOTS], count;
static uint64_t copies[2048], heard[65536], sum;

static uint32_t word(const uint8_t *at) {
  uint32_t value;
  memcpy(&value, at, 4);
  return value;
}

static uint32_t half(const uint8_t *at) { return at[0] << 8 | at[1]; }

static struct flow *find(const struct key *key, uint32_t hash, uint64_t time, uint32_t length) {
  for (uint32_t slot = hash & (SLOTS - 1);; slot = (slot + 1) & (SLOTS - 1)) {
    struct flow *flow = &flows[slots[slot] - 1];
    if (slots[slot] == 0) {
      if (count == FLOWS) exit(1);
      flow = &flows[count];
      slots[slot] = ++count;
      *flow = (struct flow){.key = *key, .hash = hash, .shortest = length, .first = time};
      return flow;
    }
    if (flow->hash == hash && memcmp(&flow->key, key, sizeof *key) == 0) return flow;
  }
}

static void packet(const uint8_t *frame, uint64_t time, int steps) {
  struct key key = {{0}, 0, 0};
  uint32_t length, at = 12, type = half(frame + at), turned;
  for (; type == 0x8100 || type == 0x88a8; type = half(frame + at)) {
    key.kind = half(frame + at + 2) << 8;
    at += 4;
  }
  const uint8_t *ip = frame + at + 2, *transport;
  if (type == 0x0800) {
    length = half(ip + 2);
    key.kind |= ip[9];
    key.addresses[0] = word(ip + 12);
    key.addresses[4] = word(ip + 16);
    transport = ip + (ip[0] & 15) * 4;
  } else if (type == 0x86dd) {
    length = 40 + half(ip + 4);
    key.kind |= ip[6];
    memcpy(key.addresses, ip + 8, 32);
    transport = ip + 40;
  } else return;
  if ((key.kind & 0xff) != 6 && (key.kind & 0xff) != 17) return;
  uint32_t from = half(transport), to = half(transport + 2);
  int order = memcmp(key.addresses, key.addresses + 4, 16);
  turned = order > 0 || (order == 0 && from > to);
  key.ports = turned ? to << 16 | from : from << 16 | to;
  if (turned) {
    uint32_t kept[4];
    memcpy(kept, key.addresses, 16);
    memcpy(key.addresses, key.addresses + 4, 16);
    memcpy(key.addresses + 4, kept, 16);
  }
  uint32_t hash = 0x9e3779b9;
  for (int each = 0; each < 10; each++) {
    hash = (hash ^ ((uint32_t *)&key)[each]) * 0x85ebca6b;
    hash ^= hash >> 15;
  }
  sum += hash;
  if (steps < 4) return;
  if (steps > 4) {
    uint64_t signature = hash ^ (uint64_t)word(ip + 4) << 32 ^ word(transport + 4) ^ length;
    uint64_t *copy = &copies[signature * 0x9e3779b97f4a7c15u >> 53];
    sum += *copy == signature;
    *copy = signature;
    heard[hash & 65535] = hash;
  }
  struct flow *flow = find(&key, hash, time, length);
  flow->packets[turned]++;
  flow->octets[turned] += length;
  flow->last = time;
  if (length < flow->shortest) flow->shortest = length;
  if (length > flow->longest) flow->longest = length;
  if ((key.kind & 0xff) != 6) return;
  flow->flags |= transport[13] << 8 * turned;
  flow->sequence[turned] = word(transport + 4);
  flow->acknowledgment[turned] = word(transport + 8);
}

int main(int words, char **given) {
  if (words != 3) return 2;
  int steps = atoi(given[1]), file = open(given[2], O_RDONLY), begun = 0;
  uint8_t *octets = malloc(LONGEST + CHUNK + 64);
  flows = malloc(sizeof(struct flow) * FLOWS);
  size_t left = 0;
  uint64_t packets = 0;
  ssize_t got;
  if (file < 0) return 2;
  while ((got = read(file, octets + left, CHUNK)) > 0) {
    if (steps == 1) continue;
    uint8_t *at = octets, *end = octets + left + got;
    if (!begun) at += 24;
    begun = 1;
    while (end - at >= 16) {
      uint32_t captured = word(at + 8);
      if (captured > LONGEST - 16) return 1;
      if (captured > end - at - 16) break;
      packets++;
      if (steps == 2) sum += at[28];
      else packet(at + 16, word(at) * 1000000ull + word(at + 4), steps);
      at += 16 + captured;
    }
    left = end - at;
    memmove(octets, at, left);
  }
  printf("%llu %u %llu\n", (unsigned long long)packets, count, (unsigned long long)sum);
  return 0;
}
