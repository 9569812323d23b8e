# landlock.pl PORT PORT PROGRAM WORD…: runs a program that may bind every TCP port but these two
# (Landlock, uapi/linux/landlock.h; numbers of x86-64 and arm64 are the same).
use strict;
use warnings;

my ($create, $add, $restrict) = (444, 445, 446);
my ($bind_tcp, $net_port) = (1, 2);
my %forbidden = map { $_ => 1 } splice @ARGV, 0, 2;

my $handled = pack 'QQ', 0, $bind_tcp;
my $ruleset = syscall($create, $handled, length $handled, 0);
die "landlock_create_ruleset: $!\n" if $ruleset < 0;
for my $port (0 .. 65535) {
    next if $forbidden{$port};
    my $rule = pack 'QQ', $bind_tcp, $port;
    syscall($add, $ruleset, $net_port, $rule, 0) == 0 or die "landlock_add_rule: $!\n";
}
syscall(157, 38, 1, 0, 0, 0); # PR_SET_NO_NEW_PRIVS
syscall($restrict, $ruleset, 0) == 0 or die "landlock_restrict_self: $!\n";
exec @ARGV or die "$ARGV[0]: $!\n";
