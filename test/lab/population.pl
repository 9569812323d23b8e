# Opens sockets and forks processes as told on standard input, says "ready", and waits to be killed.
#   process NAME COPIES        the sockets below belong to it; COPIES children inherit them
#   socket FAMILY TYPE ADDRESS PORT SCOPE V6ONLY DEVICE BACKLOG     (- stands for nothing)
# What cannot be opened (a port that is taken) is passed over.
use strict;
use warnings;
use Socket qw(:all);
use POSIX ();

my @processes;
while (my $line = <STDIN>) {
    my ($what, @words) = split ' ', $line;
    if ($what eq 'process') { push @processes, { name => $words[0], copies => $words[1], sockets => [] } }
    else { push @{ $processes[-1]{sockets} }, \@words }
}

my @children;
for my $process (@processes) {
    my $pid = fork // die "fork: $!";
    if ($pid == 0) { be($process) }
    push @children, $pid;
}

sub be {
    my ($process) = @_;
    my @held;
    for my $spec (@{ $process->{sockets} }) {
        my $handle = open_socket(@$spec);
        push @held, $handle if $handle;
    }
    for (1 .. $process->{copies}) {
        last if (fork // 0) == 0;
    }
    # Sets the kernel's name of the process too.
    $0 = $process->{name};
    print STDOUT "x";
    STDOUT->flush;
    sleep 1000 while 1;
}

sub open_socket {
    my ($family, $type, $address, $port, $scope, $v6only, $device, $backlog) = @_;
    my $six = $family eq '6';
    socket(my $handle, $six ? AF_INET6 : AF_INET, $type eq 'tcp' ? SOCK_STREAM : SOCK_DGRAM, 0) or return;
    setsockopt($handle, SOL_SOCKET, SO_REUSEADDR, pack('i', 1));
    setsockopt($handle, SOL_SOCKET, SO_REUSEPORT, pack('i', 1));
    setsockopt($handle, IPPROTO_IPV6, IPV6_V6ONLY, pack('i', $v6only)) if $six;
    setsockopt($handle, SOL_SOCKET, 25, "$device\0") if $device ne '-';
    my $place = $six
        ? pack_sockaddr_in6($port, inet_pton(AF_INET6, $address), $scope)
        : pack_sockaddr_in($port, inet_pton(AF_INET, $address));
    bind($handle, $place) or return;
    if ($type eq 'tcp') { listen($handle, $backlog) or return }
    return $handle;
}

sleep 1000 while 1;
