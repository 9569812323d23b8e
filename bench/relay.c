/* relay IF IF MICROSECONDS: passes frames from each interface to the other, each so much later.
 * For trials in network namespaces where the kernel has no netem. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#define FRAMES 65536
#define LENGTH 1600
#define BUFFER (64 << 20)

static struct queue {
  unsigned char *octets;
  int length[FRAMES];
  long due[FRAMES];
  unsigned head, tail;
} queues[2];

static long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000L + time.tv_nsec / 1000;
}

static int bound(const char *name) {
  int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_P_ALL));
  struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                .sll_protocol = htons(ETH_P_ALL),
                                .sll_ifindex = if_nametoindex(name)};
  int size = BUFFER;
  if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) {
    perror(name);
    exit(1);
  }
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
  return fd;
}

static int take(int fd, struct queue *queue, long due) {
  struct sockaddr_ll from;
  socklen_t size = sizeof from;
  unsigned slot = queue->tail % FRAMES;
  int length = recvfrom(fd, queue->octets + (size_t)slot * LENGTH, LENGTH, 0,
                        (struct sockaddr *)&from, &size);
  if (length < 0) return 0;
  if (from.sll_pkttype == PACKET_OUTGOING) return 1;
  queue->length[slot] = length;
  queue->due[slot] = due;
  queue->tail++;
  return 1;
}

int main(int count, char **words) {
  if (count != 4) return 2;
  int fds[2] = {bound(words[1]), bound(words[2])};
  long delay = atol(words[3]);
  for (int side = 0; side < 2; side++) queues[side].octets = malloc((size_t)FRAMES * LENGTH);
  puts("ready");
  fflush(stdout);
  for (;;) {
    long time = now();
    int busy = 0;
    for (int side = 0; side < 2; side++) {
      struct queue *queue = &queues[side];
      for (int frame = 0; frame < 256 && take(fds[side], queue, time + delay); frame++) busy = 1;
      while (queue->head != queue->tail && queue->due[queue->head % FRAMES] <= time) {
        unsigned slot = queue->head++ % FRAMES;
        send(fds[1 - side], queue->octets + (size_t)slot * LENGTH, queue->length[slot], 0);
        busy = 1;
      }
    }
    if (busy) continue;
    struct pollfd ready[2] = {{fds[0], POLLIN, 0}, {fds[1], POLLIN, 0}};
    int waiting = queues[0].head != queues[0].tail || queues[1].head != queues[1].tail;
    struct timespec wait = {0, waiting ? 200000 : 5000000};
    ppoll(ready, 2, &wait, NULL);
  }
}
